// Planets pulling at each other: floating point in structs of a slice.
package main

import (
	"fmt"
	"math"
)

type body struct{ x, y, z, vx, vy, vz, m float64 }

const (
	sun  = 4 * math.Pi * math.Pi
	year = 365.24
)

func solarSystem() []body {
	s := []body{
		{0, 0, 0, 0, 0, 0, sun},
		{4.841431442464721, -1.1603200440274284, -0.10362204447112311, 0.001660076642744037 * year, 0.007699011184197404 * year, -0.0000690460016972063 * year, 0.0009547919384243266 * sun},
		{8.34336671824458, 4.124798564124305, -0.4035234171143214, -0.002767425107268624 * year, 0.004998528012349172 * year, 0.00002304172975737639 * year, 0.0002858859806661308 * sun},
		{12.894369562139131, -15.111151401698631, -0.22330757889265573, 0.002964601375647616 * year, 0.0023784717395948095 * year, -0.000029658956854023756 * year, 0.00004366244043351563 * sun},
		{15.379697114850917, -25.919314609987964, 0.17925877295037118, 0.0026806777249038932 * year, 0.001628241700382423 * year, -0.00009515922545197159 * year, 0.00005151389020466115 * sun},
	}
	var px, py, pz float64
	for _, b := range s {
		px += b.vx * b.m
		py += b.vy * b.m
		pz += b.vz * b.m
	}
	s[0].vx, s[0].vy, s[0].vz = -px/sun, -py/sun, -pz/sun
	return s
}

func step(s []body, dt float64) {
	for i := range s {
		a := &s[i]
		for j := i + 1; j < len(s); j++ {
			b := &s[j]
			dx, dy, dz := a.x-b.x, a.y-b.y, a.z-b.z
			d2 := dx*dx + dy*dy + dz*dz
			f := dt / (d2 * math.Sqrt(d2))
			a.vx -= dx * b.m * f
			a.vy -= dy * b.m * f
			a.vz -= dz * b.m * f
			b.vx += dx * a.m * f
			b.vy += dy * a.m * f
			b.vz += dz * a.m * f
		}
	}
	for i := range s {
		b := &s[i]
		b.x += dt * b.vx
		b.y += dt * b.vy
		b.z += dt * b.vz
	}
}

func energy(s []body) float64 {
	var e float64
	for i, a := range s {
		e += a.m * (a.vx*a.vx + a.vy*a.vy + a.vz*a.vz) / 2
		for _, b := range s[i+1:] {
			dx, dy, dz := a.x-b.x, a.y-b.y, a.z-b.z
			e -= a.m * b.m / math.Sqrt(dx*dx+dy*dy+dz*dz)
		}
	}
	return e
}

func main() {
	s := solarSystem()
	before := energy(s)
	for i := 0; i < 8000000; i++ {
		step(s, 0.01)
	}
	fmt.Printf("nbody %.9f %.9f\n", before, energy(s))
}

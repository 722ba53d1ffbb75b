// Pancake flips over all permutations of ten: small integer arrays and unpredictable branches.
package main

import "fmt"

const n = 10

func fannkuch() (checksum, most int) {
	var perm, work, count [n]int
	for i := range perm {
		perm[i] = i
	}
	for r, sign := n, 1; ; sign = -sign {
		for ; r > 1; r-- {
			count[r-1] = r
		}
		work = perm
		flips := 0
		for k := work[0]; k != 0; k = work[0] {
			for i, j := 0, k; i < j; i, j = i+1, j-1 {
				work[i], work[j] = work[j], work[i]
			}
			flips++
		}
		most = max(most, flips)
		checksum += sign * flips
		for { // the next permutation: rotate prefixes, the shortest first
			if r == n {
				return
			}
			first := perm[0]
			copy(perm[:r], perm[1:r+1])
			perm[r] = first
			count[r]--
			if count[r] > 0 {
				break
			}
			r++
		}
	}
}

func main() {
	var sum, most int
	for i := 0; i < 3; i++ {
		s, m := fannkuch()
		sum, most = sum+s, most+m
	}
	fmt.Println("fannkuch", n, sum, most)
}

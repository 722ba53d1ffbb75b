// Division and remainder by constants, every width and sign, against the machine's division.
package main

import "fmt"

var divint8 = []struct {
	d    int8
	q, r func(int8) int8
}{
	{1, func(x int8) int8 { return x / 1 }, func(x int8) int8 { return x % 1 }},
	{2, func(x int8) int8 { return x / 2 }, func(x int8) int8 { return x % 2 }},
	{3, func(x int8) int8 { return x / 3 }, func(x int8) int8 { return x % 3 }},
	{5, func(x int8) int8 { return x / 5 }, func(x int8) int8 { return x % 5 }},
	{6, func(x int8) int8 { return x / 6 }, func(x int8) int8 { return x % 6 }},
	{7, func(x int8) int8 { return x / 7 }, func(x int8) int8 { return x % 7 }},
	{9, func(x int8) int8 { return x / 9 }, func(x int8) int8 { return x % 9 }},
	{10, func(x int8) int8 { return x / 10 }, func(x int8) int8 { return x % 10 }},
	{11, func(x int8) int8 { return x / 11 }, func(x int8) int8 { return x % 11 }},
	{12, func(x int8) int8 { return x / 12 }, func(x int8) int8 { return x % 12 }},
	{13, func(x int8) int8 { return x / 13 }, func(x int8) int8 { return x % 13 }},
	{14, func(x int8) int8 { return x / 14 }, func(x int8) int8 { return x % 14 }},
	{15, func(x int8) int8 { return x / 15 }, func(x int8) int8 { return x % 15 }},
	{21, func(x int8) int8 { return x / 21 }, func(x int8) int8 { return x % 21 }},
	{24, func(x int8) int8 { return x / 24 }, func(x int8) int8 { return x % 24 }},
	{25, func(x int8) int8 { return x / 25 }, func(x int8) int8 { return x % 25 }},
	{28, func(x int8) int8 { return x / 28 }, func(x int8) int8 { return x % 28 }},
	{42, func(x int8) int8 { return x / 42 }, func(x int8) int8 { return x % 42 }},
	{60, func(x int8) int8 { return x / 60 }, func(x int8) int8 { return x % 60 }},
	{63, func(x int8) int8 { return x / 63 }, func(x int8) int8 { return x % 63 }},
	{64, func(x int8) int8 { return x / 64 }, func(x int8) int8 { return x % 64 }},
	{100, func(x int8) int8 { return x / 100 }, func(x int8) int8 { return x % 100 }},
	{125, func(x int8) int8 { return x / 125 }, func(x int8) int8 { return x % 125 }},
	{126, func(x int8) int8 { return x / 126 }, func(x int8) int8 { return x % 126 }},
	{127, func(x int8) int8 { return x / 127 }, func(x int8) int8 { return x % 127 }},
	{-1, func(x int8) int8 { return x / -1 }, func(x int8) int8 { return x % -1 }},
	{-2, func(x int8) int8 { return x / -2 }, func(x int8) int8 { return x % -2 }},
	{-3, func(x int8) int8 { return x / -3 }, func(x int8) int8 { return x % -3 }},
	{-5, func(x int8) int8 { return x / -5 }, func(x int8) int8 { return x % -5 }},
	{-6, func(x int8) int8 { return x / -6 }, func(x int8) int8 { return x % -6 }},
	{-7, func(x int8) int8 { return x / -7 }, func(x int8) int8 { return x % -7 }},
	{-9, func(x int8) int8 { return x / -9 }, func(x int8) int8 { return x % -9 }},
	{-10, func(x int8) int8 { return x / -10 }, func(x int8) int8 { return x % -10 }},
	{-11, func(x int8) int8 { return x / -11 }, func(x int8) int8 { return x % -11 }},
	{-12, func(x int8) int8 { return x / -12 }, func(x int8) int8 { return x % -12 }},
	{-13, func(x int8) int8 { return x / -13 }, func(x int8) int8 { return x % -13 }},
	{-14, func(x int8) int8 { return x / -14 }, func(x int8) int8 { return x % -14 }},
	{-15, func(x int8) int8 { return x / -15 }, func(x int8) int8 { return x % -15 }},
	{-21, func(x int8) int8 { return x / -21 }, func(x int8) int8 { return x % -21 }},
	{-24, func(x int8) int8 { return x / -24 }, func(x int8) int8 { return x % -24 }},
	{-25, func(x int8) int8 { return x / -25 }, func(x int8) int8 { return x % -25 }},
	{-28, func(x int8) int8 { return x / -28 }, func(x int8) int8 { return x % -28 }},
	{-42, func(x int8) int8 { return x / -42 }, func(x int8) int8 { return x % -42 }},
	{-60, func(x int8) int8 { return x / -60 }, func(x int8) int8 { return x % -60 }},
	{-63, func(x int8) int8 { return x / -63 }, func(x int8) int8 { return x % -63 }},
	{-64, func(x int8) int8 { return x / -64 }, func(x int8) int8 { return x % -64 }},
	{-100, func(x int8) int8 { return x / -100 }, func(x int8) int8 { return x % -100 }},
	{-125, func(x int8) int8 { return x / -125 }, func(x int8) int8 { return x % -125 }},
	{-126, func(x int8) int8 { return x / -126 }, func(x int8) int8 { return x % -126 }},
	{-127, func(x int8) int8 { return x / -127 }, func(x int8) int8 { return x % -127 }},
	{-128, func(x int8) int8 { return x / -128 }, func(x int8) int8 { return x % -128 }},
}

var divuint8 = []struct {
	d    uint8
	q, r func(uint8) uint8
}{
	{1, func(x uint8) uint8 { return x / 1 }, func(x uint8) uint8 { return x % 1 }},
	{2, func(x uint8) uint8 { return x / 2 }, func(x uint8) uint8 { return x % 2 }},
	{3, func(x uint8) uint8 { return x / 3 }, func(x uint8) uint8 { return x % 3 }},
	{5, func(x uint8) uint8 { return x / 5 }, func(x uint8) uint8 { return x % 5 }},
	{6, func(x uint8) uint8 { return x / 6 }, func(x uint8) uint8 { return x % 6 }},
	{7, func(x uint8) uint8 { return x / 7 }, func(x uint8) uint8 { return x % 7 }},
	{9, func(x uint8) uint8 { return x / 9 }, func(x uint8) uint8 { return x % 9 }},
	{10, func(x uint8) uint8 { return x / 10 }, func(x uint8) uint8 { return x % 10 }},
	{11, func(x uint8) uint8 { return x / 11 }, func(x uint8) uint8 { return x % 11 }},
	{12, func(x uint8) uint8 { return x / 12 }, func(x uint8) uint8 { return x % 12 }},
	{13, func(x uint8) uint8 { return x / 13 }, func(x uint8) uint8 { return x % 13 }},
	{14, func(x uint8) uint8 { return x / 14 }, func(x uint8) uint8 { return x % 14 }},
	{15, func(x uint8) uint8 { return x / 15 }, func(x uint8) uint8 { return x % 15 }},
	{21, func(x uint8) uint8 { return x / 21 }, func(x uint8) uint8 { return x % 21 }},
	{24, func(x uint8) uint8 { return x / 24 }, func(x uint8) uint8 { return x % 24 }},
	{25, func(x uint8) uint8 { return x / 25 }, func(x uint8) uint8 { return x % 25 }},
	{28, func(x uint8) uint8 { return x / 28 }, func(x uint8) uint8 { return x % 28 }},
	{60, func(x uint8) uint8 { return x / 60 }, func(x uint8) uint8 { return x % 60 }},
	{63, func(x uint8) uint8 { return x / 63 }, func(x uint8) uint8 { return x % 63 }},
	{85, func(x uint8) uint8 { return x / 85 }, func(x uint8) uint8 { return x % 85 }},
	{100, func(x uint8) uint8 { return x / 100 }, func(x uint8) uint8 { return x % 100 }},
	{125, func(x uint8) uint8 { return x / 125 }, func(x uint8) uint8 { return x % 125 }},
	{127, func(x uint8) uint8 { return x / 127 }, func(x uint8) uint8 { return x % 127 }},
	{128, func(x uint8) uint8 { return x / 128 }, func(x uint8) uint8 { return x % 128 }},
	{254, func(x uint8) uint8 { return x / 254 }, func(x uint8) uint8 { return x % 254 }},
	{255, func(x uint8) uint8 { return x / 255 }, func(x uint8) uint8 { return x % 255 }},
}

var divint16 = []struct {
	d    int16
	q, r func(int16) int16
}{
	{1, func(x int16) int16 { return x / 1 }, func(x int16) int16 { return x % 1 }},
	{2, func(x int16) int16 { return x / 2 }, func(x int16) int16 { return x % 2 }},
	{3, func(x int16) int16 { return x / 3 }, func(x int16) int16 { return x % 3 }},
	{5, func(x int16) int16 { return x / 5 }, func(x int16) int16 { return x % 5 }},
	{6, func(x int16) int16 { return x / 6 }, func(x int16) int16 { return x % 6 }},
	{7, func(x int16) int16 { return x / 7 }, func(x int16) int16 { return x % 7 }},
	{9, func(x int16) int16 { return x / 9 }, func(x int16) int16 { return x % 9 }},
	{10, func(x int16) int16 { return x / 10 }, func(x int16) int16 { return x % 10 }},
	{11, func(x int16) int16 { return x / 11 }, func(x int16) int16 { return x % 11 }},
	{12, func(x int16) int16 { return x / 12 }, func(x int16) int16 { return x % 12 }},
	{13, func(x int16) int16 { return x / 13 }, func(x int16) int16 { return x % 13 }},
	{14, func(x int16) int16 { return x / 14 }, func(x int16) int16 { return x % 14 }},
	{15, func(x int16) int16 { return x / 15 }, func(x int16) int16 { return x % 15 }},
	{21, func(x int16) int16 { return x / 21 }, func(x int16) int16 { return x % 21 }},
	{24, func(x int16) int16 { return x / 24 }, func(x int16) int16 { return x % 24 }},
	{25, func(x int16) int16 { return x / 25 }, func(x int16) int16 { return x % 25 }},
	{28, func(x int16) int16 { return x / 28 }, func(x int16) int16 { return x % 28 }},
	{60, func(x int16) int16 { return x / 60 }, func(x int16) int16 { return x % 60 }},
	{63, func(x int16) int16 { return x / 63 }, func(x int16) int16 { return x % 63 }},
	{100, func(x int16) int16 { return x / 100 }, func(x int16) int16 { return x % 100 }},
	{125, func(x int16) int16 { return x / 125 }, func(x int16) int16 { return x % 125 }},
	{127, func(x int16) int16 { return x / 127 }, func(x int16) int16 { return x % 127 }},
	{200, func(x int16) int16 { return x / 200 }, func(x int16) int16 { return x % 200 }},
	{255, func(x int16) int16 { return x / 255 }, func(x int16) int16 { return x % 255 }},
	{256, func(x int16) int16 { return x / 256 }, func(x int16) int16 { return x % 256 }},
	{257, func(x int16) int16 { return x / 257 }, func(x int16) int16 { return x % 257 }},
	{641, func(x int16) int16 { return x / 641 }, func(x int16) int16 { return x % 641 }},
	{1000, func(x int16) int16 { return x / 1000 }, func(x int16) int16 { return x % 1000 }},
	{1024, func(x int16) int16 { return x / 1024 }, func(x int16) int16 { return x % 1024 }},
	{1461, func(x int16) int16 { return x / 1461 }, func(x int16) int16 { return x % 1461 }},
	{10000, func(x int16) int16 { return x / 10000 }, func(x int16) int16 { return x % 10000 }},
	{10922, func(x int16) int16 { return x / 10922 }, func(x int16) int16 { return x % 10922 }},
	{16383, func(x int16) int16 { return x / 16383 }, func(x int16) int16 { return x % 16383 }},
	{16384, func(x int16) int16 { return x / 16384 }, func(x int16) int16 { return x % 16384 }},
	{32766, func(x int16) int16 { return x / 32766 }, func(x int16) int16 { return x % 32766 }},
	{32767, func(x int16) int16 { return x / 32767 }, func(x int16) int16 { return x % 32767 }},
	{-1, func(x int16) int16 { return x / -1 }, func(x int16) int16 { return x % -1 }},
	{-2, func(x int16) int16 { return x / -2 }, func(x int16) int16 { return x % -2 }},
	{-3, func(x int16) int16 { return x / -3 }, func(x int16) int16 { return x % -3 }},
	{-5, func(x int16) int16 { return x / -5 }, func(x int16) int16 { return x % -5 }},
	{-6, func(x int16) int16 { return x / -6 }, func(x int16) int16 { return x % -6 }},
	{-7, func(x int16) int16 { return x / -7 }, func(x int16) int16 { return x % -7 }},
	{-9, func(x int16) int16 { return x / -9 }, func(x int16) int16 { return x % -9 }},
	{-10, func(x int16) int16 { return x / -10 }, func(x int16) int16 { return x % -10 }},
	{-11, func(x int16) int16 { return x / -11 }, func(x int16) int16 { return x % -11 }},
	{-12, func(x int16) int16 { return x / -12 }, func(x int16) int16 { return x % -12 }},
	{-13, func(x int16) int16 { return x / -13 }, func(x int16) int16 { return x % -13 }},
	{-14, func(x int16) int16 { return x / -14 }, func(x int16) int16 { return x % -14 }},
	{-15, func(x int16) int16 { return x / -15 }, func(x int16) int16 { return x % -15 }},
	{-21, func(x int16) int16 { return x / -21 }, func(x int16) int16 { return x % -21 }},
	{-24, func(x int16) int16 { return x / -24 }, func(x int16) int16 { return x % -24 }},
	{-25, func(x int16) int16 { return x / -25 }, func(x int16) int16 { return x % -25 }},
	{-28, func(x int16) int16 { return x / -28 }, func(x int16) int16 { return x % -28 }},
	{-60, func(x int16) int16 { return x / -60 }, func(x int16) int16 { return x % -60 }},
	{-63, func(x int16) int16 { return x / -63 }, func(x int16) int16 { return x % -63 }},
	{-100, func(x int16) int16 { return x / -100 }, func(x int16) int16 { return x % -100 }},
	{-125, func(x int16) int16 { return x / -125 }, func(x int16) int16 { return x % -125 }},
	{-127, func(x int16) int16 { return x / -127 }, func(x int16) int16 { return x % -127 }},
	{-200, func(x int16) int16 { return x / -200 }, func(x int16) int16 { return x % -200 }},
	{-255, func(x int16) int16 { return x / -255 }, func(x int16) int16 { return x % -255 }},
	{-256, func(x int16) int16 { return x / -256 }, func(x int16) int16 { return x % -256 }},
	{-257, func(x int16) int16 { return x / -257 }, func(x int16) int16 { return x % -257 }},
	{-641, func(x int16) int16 { return x / -641 }, func(x int16) int16 { return x % -641 }},
	{-1000, func(x int16) int16 { return x / -1000 }, func(x int16) int16 { return x % -1000 }},
	{-1024, func(x int16) int16 { return x / -1024 }, func(x int16) int16 { return x % -1024 }},
	{-1461, func(x int16) int16 { return x / -1461 }, func(x int16) int16 { return x % -1461 }},
	{-10000, func(x int16) int16 { return x / -10000 }, func(x int16) int16 { return x % -10000 }},
	{-10922, func(x int16) int16 { return x / -10922 }, func(x int16) int16 { return x % -10922 }},
	{-16383, func(x int16) int16 { return x / -16383 }, func(x int16) int16 { return x % -16383 }},
	{-16384, func(x int16) int16 { return x / -16384 }, func(x int16) int16 { return x % -16384 }},
	{-32766, func(x int16) int16 { return x / -32766 }, func(x int16) int16 { return x % -32766 }},
	{-32767, func(x int16) int16 { return x / -32767 }, func(x int16) int16 { return x % -32767 }},
	{-32768, func(x int16) int16 { return x / -32768 }, func(x int16) int16 { return x % -32768 }},
}

var divuint16 = []struct {
	d    uint16
	q, r func(uint16) uint16
}{
	{1, func(x uint16) uint16 { return x / 1 }, func(x uint16) uint16 { return x % 1 }},
	{2, func(x uint16) uint16 { return x / 2 }, func(x uint16) uint16 { return x % 2 }},
	{3, func(x uint16) uint16 { return x / 3 }, func(x uint16) uint16 { return x % 3 }},
	{5, func(x uint16) uint16 { return x / 5 }, func(x uint16) uint16 { return x % 5 }},
	{6, func(x uint16) uint16 { return x / 6 }, func(x uint16) uint16 { return x % 6 }},
	{7, func(x uint16) uint16 { return x / 7 }, func(x uint16) uint16 { return x % 7 }},
	{9, func(x uint16) uint16 { return x / 9 }, func(x uint16) uint16 { return x % 9 }},
	{10, func(x uint16) uint16 { return x / 10 }, func(x uint16) uint16 { return x % 10 }},
	{11, func(x uint16) uint16 { return x / 11 }, func(x uint16) uint16 { return x % 11 }},
	{12, func(x uint16) uint16 { return x / 12 }, func(x uint16) uint16 { return x % 12 }},
	{13, func(x uint16) uint16 { return x / 13 }, func(x uint16) uint16 { return x % 13 }},
	{14, func(x uint16) uint16 { return x / 14 }, func(x uint16) uint16 { return x % 14 }},
	{15, func(x uint16) uint16 { return x / 15 }, func(x uint16) uint16 { return x % 15 }},
	{21, func(x uint16) uint16 { return x / 21 }, func(x uint16) uint16 { return x % 21 }},
	{24, func(x uint16) uint16 { return x / 24 }, func(x uint16) uint16 { return x % 24 }},
	{25, func(x uint16) uint16 { return x / 25 }, func(x uint16) uint16 { return x % 25 }},
	{28, func(x uint16) uint16 { return x / 28 }, func(x uint16) uint16 { return x % 28 }},
	{60, func(x uint16) uint16 { return x / 60 }, func(x uint16) uint16 { return x % 60 }},
	{63, func(x uint16) uint16 { return x / 63 }, func(x uint16) uint16 { return x % 63 }},
	{100, func(x uint16) uint16 { return x / 100 }, func(x uint16) uint16 { return x % 100 }},
	{125, func(x uint16) uint16 { return x / 125 }, func(x uint16) uint16 { return x % 125 }},
	{127, func(x uint16) uint16 { return x / 127 }, func(x uint16) uint16 { return x % 127 }},
	{200, func(x uint16) uint16 { return x / 200 }, func(x uint16) uint16 { return x % 200 }},
	{255, func(x uint16) uint16 { return x / 255 }, func(x uint16) uint16 { return x % 255 }},
	{256, func(x uint16) uint16 { return x / 256 }, func(x uint16) uint16 { return x % 256 }},
	{257, func(x uint16) uint16 { return x / 257 }, func(x uint16) uint16 { return x % 257 }},
	{641, func(x uint16) uint16 { return x / 641 }, func(x uint16) uint16 { return x % 641 }},
	{1000, func(x uint16) uint16 { return x / 1000 }, func(x uint16) uint16 { return x % 1000 }},
	{1024, func(x uint16) uint16 { return x / 1024 }, func(x uint16) uint16 { return x % 1024 }},
	{1461, func(x uint16) uint16 { return x / 1461 }, func(x uint16) uint16 { return x % 1461 }},
	{10000, func(x uint16) uint16 { return x / 10000 }, func(x uint16) uint16 { return x % 10000 }},
	{16384, func(x uint16) uint16 { return x / 16384 }, func(x uint16) uint16 { return x % 16384 }},
	{21845, func(x uint16) uint16 { return x / 21845 }, func(x uint16) uint16 { return x % 21845 }},
	{32767, func(x uint16) uint16 { return x / 32767 }, func(x uint16) uint16 { return x % 32767 }},
	{32768, func(x uint16) uint16 { return x / 32768 }, func(x uint16) uint16 { return x % 32768 }},
	{65534, func(x uint16) uint16 { return x / 65534 }, func(x uint16) uint16 { return x % 65534 }},
	{65535, func(x uint16) uint16 { return x / 65535 }, func(x uint16) uint16 { return x % 65535 }},
}

var divint32 = []struct {
	d    int32
	q, r func(int32) int32
}{
	{1, func(x int32) int32 { return x / 1 }, func(x int32) int32 { return x % 1 }},
	{2, func(x int32) int32 { return x / 2 }, func(x int32) int32 { return x % 2 }},
	{3, func(x int32) int32 { return x / 3 }, func(x int32) int32 { return x % 3 }},
	{5, func(x int32) int32 { return x / 5 }, func(x int32) int32 { return x % 5 }},
	{6, func(x int32) int32 { return x / 6 }, func(x int32) int32 { return x % 6 }},
	{7, func(x int32) int32 { return x / 7 }, func(x int32) int32 { return x % 7 }},
	{9, func(x int32) int32 { return x / 9 }, func(x int32) int32 { return x % 9 }},
	{10, func(x int32) int32 { return x / 10 }, func(x int32) int32 { return x % 10 }},
	{11, func(x int32) int32 { return x / 11 }, func(x int32) int32 { return x % 11 }},
	{12, func(x int32) int32 { return x / 12 }, func(x int32) int32 { return x % 12 }},
	{13, func(x int32) int32 { return x / 13 }, func(x int32) int32 { return x % 13 }},
	{14, func(x int32) int32 { return x / 14 }, func(x int32) int32 { return x % 14 }},
	{15, func(x int32) int32 { return x / 15 }, func(x int32) int32 { return x % 15 }},
	{21, func(x int32) int32 { return x / 21 }, func(x int32) int32 { return x % 21 }},
	{24, func(x int32) int32 { return x / 24 }, func(x int32) int32 { return x % 24 }},
	{25, func(x int32) int32 { return x / 25 }, func(x int32) int32 { return x % 25 }},
	{28, func(x int32) int32 { return x / 28 }, func(x int32) int32 { return x % 28 }},
	{60, func(x int32) int32 { return x / 60 }, func(x int32) int32 { return x % 60 }},
	{63, func(x int32) int32 { return x / 63 }, func(x int32) int32 { return x % 63 }},
	{100, func(x int32) int32 { return x / 100 }, func(x int32) int32 { return x % 100 }},
	{125, func(x int32) int32 { return x / 125 }, func(x int32) int32 { return x % 125 }},
	{127, func(x int32) int32 { return x / 127 }, func(x int32) int32 { return x % 127 }},
	{200, func(x int32) int32 { return x / 200 }, func(x int32) int32 { return x % 200 }},
	{255, func(x int32) int32 { return x / 255 }, func(x int32) int32 { return x % 255 }},
	{256, func(x int32) int32 { return x / 256 }, func(x int32) int32 { return x % 256 }},
	{257, func(x int32) int32 { return x / 257 }, func(x int32) int32 { return x % 257 }},
	{641, func(x int32) int32 { return x / 641 }, func(x int32) int32 { return x % 641 }},
	{1000, func(x int32) int32 { return x / 1000 }, func(x int32) int32 { return x % 1000 }},
	{1024, func(x int32) int32 { return x / 1024 }, func(x int32) int32 { return x % 1024 }},
	{1461, func(x int32) int32 { return x / 1461 }, func(x int32) int32 { return x % 1461 }},
	{10000, func(x int32) int32 { return x / 10000 }, func(x int32) int32 { return x % 10000 }},
	{16384, func(x int32) int32 { return x / 16384 }, func(x int32) int32 { return x % 16384 }},
	{32767, func(x int32) int32 { return x / 32767 }, func(x int32) int32 { return x % 32767 }},
	{65535, func(x int32) int32 { return x / 65535 }, func(x int32) int32 { return x % 65535 }},
	{65536, func(x int32) int32 { return x / 65536 }, func(x int32) int32 { return x % 65536 }},
	{65537, func(x int32) int32 { return x / 65537 }, func(x int32) int32 { return x % 65537 }},
	{86400, func(x int32) int32 { return x / 86400 }, func(x int32) int32 { return x % 86400 }},
	{100000, func(x int32) int32 { return x / 100000 }, func(x int32) int32 { return x % 100000 }},
	{146097, func(x int32) int32 { return x / 146097 }, func(x int32) int32 { return x % 146097 }},
	{1000000, func(x int32) int32 { return x / 1000000 }, func(x int32) int32 { return x % 1000000 }},
	{715827882, func(x int32) int32 { return x / 715827882 }, func(x int32) int32 { return x % 715827882 }},
	{999999937, func(x int32) int32 { return x / 999999937 }, func(x int32) int32 { return x % 999999937 }},
	{1073741823, func(x int32) int32 { return x / 1073741823 }, func(x int32) int32 { return x % 1073741823 }},
	{1073741824, func(x int32) int32 { return x / 1073741824 }, func(x int32) int32 { return x % 1073741824 }},
	{2147483646, func(x int32) int32 { return x / 2147483646 }, func(x int32) int32 { return x % 2147483646 }},
	{2147483647, func(x int32) int32 { return x / 2147483647 }, func(x int32) int32 { return x % 2147483647 }},
	{-1, func(x int32) int32 { return x / -1 }, func(x int32) int32 { return x % -1 }},
	{-2, func(x int32) int32 { return x / -2 }, func(x int32) int32 { return x % -2 }},
	{-3, func(x int32) int32 { return x / -3 }, func(x int32) int32 { return x % -3 }},
	{-5, func(x int32) int32 { return x / -5 }, func(x int32) int32 { return x % -5 }},
	{-6, func(x int32) int32 { return x / -6 }, func(x int32) int32 { return x % -6 }},
	{-7, func(x int32) int32 { return x / -7 }, func(x int32) int32 { return x % -7 }},
	{-9, func(x int32) int32 { return x / -9 }, func(x int32) int32 { return x % -9 }},
	{-10, func(x int32) int32 { return x / -10 }, func(x int32) int32 { return x % -10 }},
	{-11, func(x int32) int32 { return x / -11 }, func(x int32) int32 { return x % -11 }},
	{-12, func(x int32) int32 { return x / -12 }, func(x int32) int32 { return x % -12 }},
	{-13, func(x int32) int32 { return x / -13 }, func(x int32) int32 { return x % -13 }},
	{-14, func(x int32) int32 { return x / -14 }, func(x int32) int32 { return x % -14 }},
	{-15, func(x int32) int32 { return x / -15 }, func(x int32) int32 { return x % -15 }},
	{-21, func(x int32) int32 { return x / -21 }, func(x int32) int32 { return x % -21 }},
	{-24, func(x int32) int32 { return x / -24 }, func(x int32) int32 { return x % -24 }},
	{-25, func(x int32) int32 { return x / -25 }, func(x int32) int32 { return x % -25 }},
	{-28, func(x int32) int32 { return x / -28 }, func(x int32) int32 { return x % -28 }},
	{-60, func(x int32) int32 { return x / -60 }, func(x int32) int32 { return x % -60 }},
	{-63, func(x int32) int32 { return x / -63 }, func(x int32) int32 { return x % -63 }},
	{-100, func(x int32) int32 { return x / -100 }, func(x int32) int32 { return x % -100 }},
	{-125, func(x int32) int32 { return x / -125 }, func(x int32) int32 { return x % -125 }},
	{-127, func(x int32) int32 { return x / -127 }, func(x int32) int32 { return x % -127 }},
	{-200, func(x int32) int32 { return x / -200 }, func(x int32) int32 { return x % -200 }},
	{-255, func(x int32) int32 { return x / -255 }, func(x int32) int32 { return x % -255 }},
	{-256, func(x int32) int32 { return x / -256 }, func(x int32) int32 { return x % -256 }},
	{-257, func(x int32) int32 { return x / -257 }, func(x int32) int32 { return x % -257 }},
	{-641, func(x int32) int32 { return x / -641 }, func(x int32) int32 { return x % -641 }},
	{-1000, func(x int32) int32 { return x / -1000 }, func(x int32) int32 { return x % -1000 }},
	{-1024, func(x int32) int32 { return x / -1024 }, func(x int32) int32 { return x % -1024 }},
	{-1461, func(x int32) int32 { return x / -1461 }, func(x int32) int32 { return x % -1461 }},
	{-10000, func(x int32) int32 { return x / -10000 }, func(x int32) int32 { return x % -10000 }},
	{-16384, func(x int32) int32 { return x / -16384 }, func(x int32) int32 { return x % -16384 }},
	{-32767, func(x int32) int32 { return x / -32767 }, func(x int32) int32 { return x % -32767 }},
	{-65535, func(x int32) int32 { return x / -65535 }, func(x int32) int32 { return x % -65535 }},
	{-65536, func(x int32) int32 { return x / -65536 }, func(x int32) int32 { return x % -65536 }},
	{-65537, func(x int32) int32 { return x / -65537 }, func(x int32) int32 { return x % -65537 }},
	{-86400, func(x int32) int32 { return x / -86400 }, func(x int32) int32 { return x % -86400 }},
	{-100000, func(x int32) int32 { return x / -100000 }, func(x int32) int32 { return x % -100000 }},
	{-146097, func(x int32) int32 { return x / -146097 }, func(x int32) int32 { return x % -146097 }},
	{-1000000, func(x int32) int32 { return x / -1000000 }, func(x int32) int32 { return x % -1000000 }},
	{-715827882, func(x int32) int32 { return x / -715827882 }, func(x int32) int32 { return x % -715827882 }},
	{-999999937, func(x int32) int32 { return x / -999999937 }, func(x int32) int32 { return x % -999999937 }},
	{-1073741823, func(x int32) int32 { return x / -1073741823 }, func(x int32) int32 { return x % -1073741823 }},
	{-1073741824, func(x int32) int32 { return x / -1073741824 }, func(x int32) int32 { return x % -1073741824 }},
	{-2147483646, func(x int32) int32 { return x / -2147483646 }, func(x int32) int32 { return x % -2147483646 }},
	{-2147483647, func(x int32) int32 { return x / -2147483647 }, func(x int32) int32 { return x % -2147483647 }},
	{-2147483648, func(x int32) int32 { return x / -2147483648 }, func(x int32) int32 { return x % -2147483648 }},
}

var divuint32 = []struct {
	d    uint32
	q, r func(uint32) uint32
}{
	{1, func(x uint32) uint32 { return x / 1 }, func(x uint32) uint32 { return x % 1 }},
	{2, func(x uint32) uint32 { return x / 2 }, func(x uint32) uint32 { return x % 2 }},
	{3, func(x uint32) uint32 { return x / 3 }, func(x uint32) uint32 { return x % 3 }},
	{5, func(x uint32) uint32 { return x / 5 }, func(x uint32) uint32 { return x % 5 }},
	{6, func(x uint32) uint32 { return x / 6 }, func(x uint32) uint32 { return x % 6 }},
	{7, func(x uint32) uint32 { return x / 7 }, func(x uint32) uint32 { return x % 7 }},
	{9, func(x uint32) uint32 { return x / 9 }, func(x uint32) uint32 { return x % 9 }},
	{10, func(x uint32) uint32 { return x / 10 }, func(x uint32) uint32 { return x % 10 }},
	{11, func(x uint32) uint32 { return x / 11 }, func(x uint32) uint32 { return x % 11 }},
	{12, func(x uint32) uint32 { return x / 12 }, func(x uint32) uint32 { return x % 12 }},
	{13, func(x uint32) uint32 { return x / 13 }, func(x uint32) uint32 { return x % 13 }},
	{14, func(x uint32) uint32 { return x / 14 }, func(x uint32) uint32 { return x % 14 }},
	{15, func(x uint32) uint32 { return x / 15 }, func(x uint32) uint32 { return x % 15 }},
	{21, func(x uint32) uint32 { return x / 21 }, func(x uint32) uint32 { return x % 21 }},
	{24, func(x uint32) uint32 { return x / 24 }, func(x uint32) uint32 { return x % 24 }},
	{25, func(x uint32) uint32 { return x / 25 }, func(x uint32) uint32 { return x % 25 }},
	{28, func(x uint32) uint32 { return x / 28 }, func(x uint32) uint32 { return x % 28 }},
	{60, func(x uint32) uint32 { return x / 60 }, func(x uint32) uint32 { return x % 60 }},
	{63, func(x uint32) uint32 { return x / 63 }, func(x uint32) uint32 { return x % 63 }},
	{100, func(x uint32) uint32 { return x / 100 }, func(x uint32) uint32 { return x % 100 }},
	{125, func(x uint32) uint32 { return x / 125 }, func(x uint32) uint32 { return x % 125 }},
	{127, func(x uint32) uint32 { return x / 127 }, func(x uint32) uint32 { return x % 127 }},
	{200, func(x uint32) uint32 { return x / 200 }, func(x uint32) uint32 { return x % 200 }},
	{255, func(x uint32) uint32 { return x / 255 }, func(x uint32) uint32 { return x % 255 }},
	{256, func(x uint32) uint32 { return x / 256 }, func(x uint32) uint32 { return x % 256 }},
	{257, func(x uint32) uint32 { return x / 257 }, func(x uint32) uint32 { return x % 257 }},
	{641, func(x uint32) uint32 { return x / 641 }, func(x uint32) uint32 { return x % 641 }},
	{1000, func(x uint32) uint32 { return x / 1000 }, func(x uint32) uint32 { return x % 1000 }},
	{1024, func(x uint32) uint32 { return x / 1024 }, func(x uint32) uint32 { return x % 1024 }},
	{1461, func(x uint32) uint32 { return x / 1461 }, func(x uint32) uint32 { return x % 1461 }},
	{10000, func(x uint32) uint32 { return x / 10000 }, func(x uint32) uint32 { return x % 10000 }},
	{16384, func(x uint32) uint32 { return x / 16384 }, func(x uint32) uint32 { return x % 16384 }},
	{32767, func(x uint32) uint32 { return x / 32767 }, func(x uint32) uint32 { return x % 32767 }},
	{65535, func(x uint32) uint32 { return x / 65535 }, func(x uint32) uint32 { return x % 65535 }},
	{65536, func(x uint32) uint32 { return x / 65536 }, func(x uint32) uint32 { return x % 65536 }},
	{65537, func(x uint32) uint32 { return x / 65537 }, func(x uint32) uint32 { return x % 65537 }},
	{86400, func(x uint32) uint32 { return x / 86400 }, func(x uint32) uint32 { return x % 86400 }},
	{100000, func(x uint32) uint32 { return x / 100000 }, func(x uint32) uint32 { return x % 100000 }},
	{146097, func(x uint32) uint32 { return x / 146097 }, func(x uint32) uint32 { return x % 146097 }},
	{1000000, func(x uint32) uint32 { return x / 1000000 }, func(x uint32) uint32 { return x % 1000000 }},
	{999999937, func(x uint32) uint32 { return x / 999999937 }, func(x uint32) uint32 { return x % 999999937 }},
	{1431655765, func(x uint32) uint32 { return x / 1431655765 }, func(x uint32) uint32 { return x % 1431655765 }},
	{2147483647, func(x uint32) uint32 { return x / 2147483647 }, func(x uint32) uint32 { return x % 2147483647 }},
	{2147483648, func(x uint32) uint32 { return x / 2147483648 }, func(x uint32) uint32 { return x % 2147483648 }},
	{4294967294, func(x uint32) uint32 { return x / 4294967294 }, func(x uint32) uint32 { return x % 4294967294 }},
	{4294967295, func(x uint32) uint32 { return x / 4294967295 }, func(x uint32) uint32 { return x % 4294967295 }},
}

var divint64 = []struct {
	d    int64
	q, r func(int64) int64
}{
	{1, func(x int64) int64 { return x / 1 }, func(x int64) int64 { return x % 1 }},
	{2, func(x int64) int64 { return x / 2 }, func(x int64) int64 { return x % 2 }},
	{3, func(x int64) int64 { return x / 3 }, func(x int64) int64 { return x % 3 }},
	{5, func(x int64) int64 { return x / 5 }, func(x int64) int64 { return x % 5 }},
	{6, func(x int64) int64 { return x / 6 }, func(x int64) int64 { return x % 6 }},
	{7, func(x int64) int64 { return x / 7 }, func(x int64) int64 { return x % 7 }},
	{9, func(x int64) int64 { return x / 9 }, func(x int64) int64 { return x % 9 }},
	{10, func(x int64) int64 { return x / 10 }, func(x int64) int64 { return x % 10 }},
	{11, func(x int64) int64 { return x / 11 }, func(x int64) int64 { return x % 11 }},
	{12, func(x int64) int64 { return x / 12 }, func(x int64) int64 { return x % 12 }},
	{13, func(x int64) int64 { return x / 13 }, func(x int64) int64 { return x % 13 }},
	{14, func(x int64) int64 { return x / 14 }, func(x int64) int64 { return x % 14 }},
	{15, func(x int64) int64 { return x / 15 }, func(x int64) int64 { return x % 15 }},
	{21, func(x int64) int64 { return x / 21 }, func(x int64) int64 { return x % 21 }},
	{24, func(x int64) int64 { return x / 24 }, func(x int64) int64 { return x % 24 }},
	{25, func(x int64) int64 { return x / 25 }, func(x int64) int64 { return x % 25 }},
	{28, func(x int64) int64 { return x / 28 }, func(x int64) int64 { return x % 28 }},
	{60, func(x int64) int64 { return x / 60 }, func(x int64) int64 { return x % 60 }},
	{63, func(x int64) int64 { return x / 63 }, func(x int64) int64 { return x % 63 }},
	{100, func(x int64) int64 { return x / 100 }, func(x int64) int64 { return x % 100 }},
	{125, func(x int64) int64 { return x / 125 }, func(x int64) int64 { return x % 125 }},
	{127, func(x int64) int64 { return x / 127 }, func(x int64) int64 { return x % 127 }},
	{200, func(x int64) int64 { return x / 200 }, func(x int64) int64 { return x % 200 }},
	{255, func(x int64) int64 { return x / 255 }, func(x int64) int64 { return x % 255 }},
	{256, func(x int64) int64 { return x / 256 }, func(x int64) int64 { return x % 256 }},
	{257, func(x int64) int64 { return x / 257 }, func(x int64) int64 { return x % 257 }},
	{641, func(x int64) int64 { return x / 641 }, func(x int64) int64 { return x % 641 }},
	{1000, func(x int64) int64 { return x / 1000 }, func(x int64) int64 { return x % 1000 }},
	{1024, func(x int64) int64 { return x / 1024 }, func(x int64) int64 { return x % 1024 }},
	{1461, func(x int64) int64 { return x / 1461 }, func(x int64) int64 { return x % 1461 }},
	{10000, func(x int64) int64 { return x / 10000 }, func(x int64) int64 { return x % 10000 }},
	{16384, func(x int64) int64 { return x / 16384 }, func(x int64) int64 { return x % 16384 }},
	{32767, func(x int64) int64 { return x / 32767 }, func(x int64) int64 { return x % 32767 }},
	{65535, func(x int64) int64 { return x / 65535 }, func(x int64) int64 { return x % 65535 }},
	{65536, func(x int64) int64 { return x / 65536 }, func(x int64) int64 { return x % 65536 }},
	{65537, func(x int64) int64 { return x / 65537 }, func(x int64) int64 { return x % 65537 }},
	{86400, func(x int64) int64 { return x / 86400 }, func(x int64) int64 { return x % 86400 }},
	{100000, func(x int64) int64 { return x / 100000 }, func(x int64) int64 { return x % 100000 }},
	{146097, func(x int64) int64 { return x / 146097 }, func(x int64) int64 { return x % 146097 }},
	{274177, func(x int64) int64 { return x / 274177 }, func(x int64) int64 { return x % 274177 }},
	{1000000, func(x int64) int64 { return x / 1000000 }, func(x int64) int64 { return x % 1000000 }},
	{6700417, func(x int64) int64 { return x / 6700417 }, func(x int64) int64 { return x % 6700417 }},
	{999999937, func(x int64) int64 { return x / 999999937 }, func(x int64) int64 { return x % 999999937 }},
	{1000000000, func(x int64) int64 { return x / 1000000000 }, func(x int64) int64 { return x % 1000000000 }},
	{4294967295, func(x int64) int64 { return x / 4294967295 }, func(x int64) int64 { return x % 4294967295 }},
	{4294967296, func(x int64) int64 { return x / 4294967296 }, func(x int64) int64 { return x % 4294967296 }},
	{4294967297, func(x int64) int64 { return x / 4294967297 }, func(x int64) int64 { return x % 4294967297 }},
	{10000000000, func(x int64) int64 { return x / 10000000000 }, func(x int64) int64 { return x % 10000000000 }},
	{3600000000000, func(x int64) int64 { return x / 3600000000000 }, func(x int64) int64 { return x % 3600000000000 }},
	{1000000000000000000, func(x int64) int64 { return x / 1000000000000000000 }, func(x int64) int64 { return x % 1000000000000000000 }},
	{3074457345618258602, func(x int64) int64 { return x / 3074457345618258602 }, func(x int64) int64 { return x % 3074457345618258602 }},
	{4611686018427387903, func(x int64) int64 { return x / 4611686018427387903 }, func(x int64) int64 { return x % 4611686018427387903 }},
	{4611686018427387904, func(x int64) int64 { return x / 4611686018427387904 }, func(x int64) int64 { return x % 4611686018427387904 }},
	{9223372036854775806, func(x int64) int64 { return x / 9223372036854775806 }, func(x int64) int64 { return x % 9223372036854775806 }},
	{9223372036854775807, func(x int64) int64 { return x / 9223372036854775807 }, func(x int64) int64 { return x % 9223372036854775807 }},
	{-1, func(x int64) int64 { return x / -1 }, func(x int64) int64 { return x % -1 }},
	{-2, func(x int64) int64 { return x / -2 }, func(x int64) int64 { return x % -2 }},
	{-3, func(x int64) int64 { return x / -3 }, func(x int64) int64 { return x % -3 }},
	{-5, func(x int64) int64 { return x / -5 }, func(x int64) int64 { return x % -5 }},
	{-6, func(x int64) int64 { return x / -6 }, func(x int64) int64 { return x % -6 }},
	{-7, func(x int64) int64 { return x / -7 }, func(x int64) int64 { return x % -7 }},
	{-9, func(x int64) int64 { return x / -9 }, func(x int64) int64 { return x % -9 }},
	{-10, func(x int64) int64 { return x / -10 }, func(x int64) int64 { return x % -10 }},
	{-11, func(x int64) int64 { return x / -11 }, func(x int64) int64 { return x % -11 }},
	{-12, func(x int64) int64 { return x / -12 }, func(x int64) int64 { return x % -12 }},
	{-13, func(x int64) int64 { return x / -13 }, func(x int64) int64 { return x % -13 }},
	{-14, func(x int64) int64 { return x / -14 }, func(x int64) int64 { return x % -14 }},
	{-15, func(x int64) int64 { return x / -15 }, func(x int64) int64 { return x % -15 }},
	{-21, func(x int64) int64 { return x / -21 }, func(x int64) int64 { return x % -21 }},
	{-24, func(x int64) int64 { return x / -24 }, func(x int64) int64 { return x % -24 }},
	{-25, func(x int64) int64 { return x / -25 }, func(x int64) int64 { return x % -25 }},
	{-28, func(x int64) int64 { return x / -28 }, func(x int64) int64 { return x % -28 }},
	{-60, func(x int64) int64 { return x / -60 }, func(x int64) int64 { return x % -60 }},
	{-63, func(x int64) int64 { return x / -63 }, func(x int64) int64 { return x % -63 }},
	{-100, func(x int64) int64 { return x / -100 }, func(x int64) int64 { return x % -100 }},
	{-125, func(x int64) int64 { return x / -125 }, func(x int64) int64 { return x % -125 }},
	{-127, func(x int64) int64 { return x / -127 }, func(x int64) int64 { return x % -127 }},
	{-200, func(x int64) int64 { return x / -200 }, func(x int64) int64 { return x % -200 }},
	{-255, func(x int64) int64 { return x / -255 }, func(x int64) int64 { return x % -255 }},
	{-256, func(x int64) int64 { return x / -256 }, func(x int64) int64 { return x % -256 }},
	{-257, func(x int64) int64 { return x / -257 }, func(x int64) int64 { return x % -257 }},
	{-641, func(x int64) int64 { return x / -641 }, func(x int64) int64 { return x % -641 }},
	{-1000, func(x int64) int64 { return x / -1000 }, func(x int64) int64 { return x % -1000 }},
	{-1024, func(x int64) int64 { return x / -1024 }, func(x int64) int64 { return x % -1024 }},
	{-1461, func(x int64) int64 { return x / -1461 }, func(x int64) int64 { return x % -1461 }},
	{-10000, func(x int64) int64 { return x / -10000 }, func(x int64) int64 { return x % -10000 }},
	{-16384, func(x int64) int64 { return x / -16384 }, func(x int64) int64 { return x % -16384 }},
	{-32767, func(x int64) int64 { return x / -32767 }, func(x int64) int64 { return x % -32767 }},
	{-65535, func(x int64) int64 { return x / -65535 }, func(x int64) int64 { return x % -65535 }},
	{-65536, func(x int64) int64 { return x / -65536 }, func(x int64) int64 { return x % -65536 }},
	{-65537, func(x int64) int64 { return x / -65537 }, func(x int64) int64 { return x % -65537 }},
	{-86400, func(x int64) int64 { return x / -86400 }, func(x int64) int64 { return x % -86400 }},
	{-100000, func(x int64) int64 { return x / -100000 }, func(x int64) int64 { return x % -100000 }},
	{-146097, func(x int64) int64 { return x / -146097 }, func(x int64) int64 { return x % -146097 }},
	{-274177, func(x int64) int64 { return x / -274177 }, func(x int64) int64 { return x % -274177 }},
	{-1000000, func(x int64) int64 { return x / -1000000 }, func(x int64) int64 { return x % -1000000 }},
	{-6700417, func(x int64) int64 { return x / -6700417 }, func(x int64) int64 { return x % -6700417 }},
	{-999999937, func(x int64) int64 { return x / -999999937 }, func(x int64) int64 { return x % -999999937 }},
	{-1000000000, func(x int64) int64 { return x / -1000000000 }, func(x int64) int64 { return x % -1000000000 }},
	{-4294967295, func(x int64) int64 { return x / -4294967295 }, func(x int64) int64 { return x % -4294967295 }},
	{-4294967296, func(x int64) int64 { return x / -4294967296 }, func(x int64) int64 { return x % -4294967296 }},
	{-4294967297, func(x int64) int64 { return x / -4294967297 }, func(x int64) int64 { return x % -4294967297 }},
	{-10000000000, func(x int64) int64 { return x / -10000000000 }, func(x int64) int64 { return x % -10000000000 }},
	{-3600000000000, func(x int64) int64 { return x / -3600000000000 }, func(x int64) int64 { return x % -3600000000000 }},
	{-1000000000000000000, func(x int64) int64 { return x / -1000000000000000000 }, func(x int64) int64 { return x % -1000000000000000000 }},
	{-3074457345618258602, func(x int64) int64 { return x / -3074457345618258602 }, func(x int64) int64 { return x % -3074457345618258602 }},
	{-4611686018427387903, func(x int64) int64 { return x / -4611686018427387903 }, func(x int64) int64 { return x % -4611686018427387903 }},
	{-4611686018427387904, func(x int64) int64 { return x / -4611686018427387904 }, func(x int64) int64 { return x % -4611686018427387904 }},
	{-9223372036854775806, func(x int64) int64 { return x / -9223372036854775806 }, func(x int64) int64 { return x % -9223372036854775806 }},
	{-9223372036854775807, func(x int64) int64 { return x / -9223372036854775807 }, func(x int64) int64 { return x % -9223372036854775807 }},
	{-9223372036854775808, func(x int64) int64 { return x / -9223372036854775808 }, func(x int64) int64 { return x % -9223372036854775808 }},
}

var divuint64 = []struct {
	d    uint64
	q, r func(uint64) uint64
}{
	{1, func(x uint64) uint64 { return x / 1 }, func(x uint64) uint64 { return x % 1 }},
	{2, func(x uint64) uint64 { return x / 2 }, func(x uint64) uint64 { return x % 2 }},
	{3, func(x uint64) uint64 { return x / 3 }, func(x uint64) uint64 { return x % 3 }},
	{5, func(x uint64) uint64 { return x / 5 }, func(x uint64) uint64 { return x % 5 }},
	{6, func(x uint64) uint64 { return x / 6 }, func(x uint64) uint64 { return x % 6 }},
	{7, func(x uint64) uint64 { return x / 7 }, func(x uint64) uint64 { return x % 7 }},
	{9, func(x uint64) uint64 { return x / 9 }, func(x uint64) uint64 { return x % 9 }},
	{10, func(x uint64) uint64 { return x / 10 }, func(x uint64) uint64 { return x % 10 }},
	{11, func(x uint64) uint64 { return x / 11 }, func(x uint64) uint64 { return x % 11 }},
	{12, func(x uint64) uint64 { return x / 12 }, func(x uint64) uint64 { return x % 12 }},
	{13, func(x uint64) uint64 { return x / 13 }, func(x uint64) uint64 { return x % 13 }},
	{14, func(x uint64) uint64 { return x / 14 }, func(x uint64) uint64 { return x % 14 }},
	{15, func(x uint64) uint64 { return x / 15 }, func(x uint64) uint64 { return x % 15 }},
	{21, func(x uint64) uint64 { return x / 21 }, func(x uint64) uint64 { return x % 21 }},
	{24, func(x uint64) uint64 { return x / 24 }, func(x uint64) uint64 { return x % 24 }},
	{25, func(x uint64) uint64 { return x / 25 }, func(x uint64) uint64 { return x % 25 }},
	{28, func(x uint64) uint64 { return x / 28 }, func(x uint64) uint64 { return x % 28 }},
	{60, func(x uint64) uint64 { return x / 60 }, func(x uint64) uint64 { return x % 60 }},
	{63, func(x uint64) uint64 { return x / 63 }, func(x uint64) uint64 { return x % 63 }},
	{100, func(x uint64) uint64 { return x / 100 }, func(x uint64) uint64 { return x % 100 }},
	{125, func(x uint64) uint64 { return x / 125 }, func(x uint64) uint64 { return x % 125 }},
	{127, func(x uint64) uint64 { return x / 127 }, func(x uint64) uint64 { return x % 127 }},
	{200, func(x uint64) uint64 { return x / 200 }, func(x uint64) uint64 { return x % 200 }},
	{255, func(x uint64) uint64 { return x / 255 }, func(x uint64) uint64 { return x % 255 }},
	{256, func(x uint64) uint64 { return x / 256 }, func(x uint64) uint64 { return x % 256 }},
	{257, func(x uint64) uint64 { return x / 257 }, func(x uint64) uint64 { return x % 257 }},
	{641, func(x uint64) uint64 { return x / 641 }, func(x uint64) uint64 { return x % 641 }},
	{1000, func(x uint64) uint64 { return x / 1000 }, func(x uint64) uint64 { return x % 1000 }},
	{1024, func(x uint64) uint64 { return x / 1024 }, func(x uint64) uint64 { return x % 1024 }},
	{1461, func(x uint64) uint64 { return x / 1461 }, func(x uint64) uint64 { return x % 1461 }},
	{10000, func(x uint64) uint64 { return x / 10000 }, func(x uint64) uint64 { return x % 10000 }},
	{16384, func(x uint64) uint64 { return x / 16384 }, func(x uint64) uint64 { return x % 16384 }},
	{32767, func(x uint64) uint64 { return x / 32767 }, func(x uint64) uint64 { return x % 32767 }},
	{65535, func(x uint64) uint64 { return x / 65535 }, func(x uint64) uint64 { return x % 65535 }},
	{65536, func(x uint64) uint64 { return x / 65536 }, func(x uint64) uint64 { return x % 65536 }},
	{65537, func(x uint64) uint64 { return x / 65537 }, func(x uint64) uint64 { return x % 65537 }},
	{86400, func(x uint64) uint64 { return x / 86400 }, func(x uint64) uint64 { return x % 86400 }},
	{100000, func(x uint64) uint64 { return x / 100000 }, func(x uint64) uint64 { return x % 100000 }},
	{146097, func(x uint64) uint64 { return x / 146097 }, func(x uint64) uint64 { return x % 146097 }},
	{274177, func(x uint64) uint64 { return x / 274177 }, func(x uint64) uint64 { return x % 274177 }},
	{1000000, func(x uint64) uint64 { return x / 1000000 }, func(x uint64) uint64 { return x % 1000000 }},
	{6700417, func(x uint64) uint64 { return x / 6700417 }, func(x uint64) uint64 { return x % 6700417 }},
	{999999937, func(x uint64) uint64 { return x / 999999937 }, func(x uint64) uint64 { return x % 999999937 }},
	{1000000000, func(x uint64) uint64 { return x / 1000000000 }, func(x uint64) uint64 { return x % 1000000000 }},
	{4294967295, func(x uint64) uint64 { return x / 4294967295 }, func(x uint64) uint64 { return x % 4294967295 }},
	{4294967296, func(x uint64) uint64 { return x / 4294967296 }, func(x uint64) uint64 { return x % 4294967296 }},
	{4294967297, func(x uint64) uint64 { return x / 4294967297 }, func(x uint64) uint64 { return x % 4294967297 }},
	{10000000000, func(x uint64) uint64 { return x / 10000000000 }, func(x uint64) uint64 { return x % 10000000000 }},
	{3600000000000, func(x uint64) uint64 { return x / 3600000000000 }, func(x uint64) uint64 { return x % 3600000000000 }},
	{1000000000000000000, func(x uint64) uint64 { return x / 1000000000000000000 }, func(x uint64) uint64 { return x % 1000000000000000000 }},
	{6148914691236517205, func(x uint64) uint64 { return x / 6148914691236517205 }, func(x uint64) uint64 { return x % 6148914691236517205 }},
	{9223372036854775807, func(x uint64) uint64 { return x / 9223372036854775807 }, func(x uint64) uint64 { return x % 9223372036854775807 }},
	{9223372036854775808, func(x uint64) uint64 { return x / 9223372036854775808 }, func(x uint64) uint64 { return x % 9223372036854775808 }},
	{18446744073709551614, func(x uint64) uint64 { return x / 18446744073709551614 }, func(x uint64) uint64 { return x % 18446744073709551614 }},
	{18446744073709551615, func(x uint64) uint64 { return x / 18446744073709551615 }, func(x uint64) uint64 { return x % 18446744073709551615 }},
}

// Around multiples of d and the ends of the ranges, and some at random.
func values(d uint64) []uint64 {
	var v []uint64
	for k := range uint(64) {
		for _, m := range []uint64{1 << k, 1<<k - 1, d << k, d * (1<<k - 1), ^uint64(0) >> k, ^uint64(0) / d >> k * d} {
			v = append(v, m-1, m, m+1, -m)
		}
	}
	for range 200 {
		seed = seed*6364136223846793005 + 1442695040888963407
		v = append(v, seed, seed>>(seed>>58))
	}
	return v
}

var seed uint64 = 1

func main() {
	n := 0
	for _, c := range divint8 {
		for _, u := range values(uint64(c.d)) {
			x := int8(u)
			if q, r := c.q(x), c.r(x); q != x/c.d || r != x%c.d {
				fmt.Println("int8", x, c.d, q, x/c.d, r, x%c.d)
			}
			n++
		}
	}
	for _, c := range divuint8 {
		for _, u := range values(uint64(c.d)) {
			x := uint8(u)
			if q, r := c.q(x), c.r(x); q != x/c.d || r != x%c.d {
				fmt.Println("uint8", x, c.d, q, x/c.d, r, x%c.d)
			}
			n++
		}
	}
	for _, c := range divint16 {
		for _, u := range values(uint64(c.d)) {
			x := int16(u)
			if q, r := c.q(x), c.r(x); q != x/c.d || r != x%c.d {
				fmt.Println("int16", x, c.d, q, x/c.d, r, x%c.d)
			}
			n++
		}
	}
	for _, c := range divuint16 {
		for _, u := range values(uint64(c.d)) {
			x := uint16(u)
			if q, r := c.q(x), c.r(x); q != x/c.d || r != x%c.d {
				fmt.Println("uint16", x, c.d, q, x/c.d, r, x%c.d)
			}
			n++
		}
	}
	for _, c := range divint32 {
		for _, u := range values(uint64(c.d)) {
			x := int32(u)
			if q, r := c.q(x), c.r(x); q != x/c.d || r != x%c.d {
				fmt.Println("int32", x, c.d, q, x/c.d, r, x%c.d)
			}
			n++
		}
	}
	for _, c := range divuint32 {
		for _, u := range values(uint64(c.d)) {
			x := uint32(u)
			if q, r := c.q(x), c.r(x); q != x/c.d || r != x%c.d {
				fmt.Println("uint32", x, c.d, q, x/c.d, r, x%c.d)
			}
			n++
		}
	}
	for _, c := range divint64 {
		for _, u := range values(uint64(c.d)) {
			x := int64(u)
			if q, r := c.q(x), c.r(x); q != x/c.d || r != x%c.d {
				fmt.Println("int64", x, c.d, q, x/c.d, r, x%c.d)
			}
			n++
		}
	}
	for _, c := range divuint64 {
		for _, u := range values(uint64(c.d)) {
			x := uint64(u)
			if q, r := c.q(x), c.r(x); q != x/c.d || r != x%c.d {
				fmt.Println("uint64", x, c.d, q, x/c.d, r, x%c.d)
			}
			n++
		}
	}
	fmt.Println(n)
}

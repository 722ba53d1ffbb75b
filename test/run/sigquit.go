// SIGQUIT wherever it hits: in C, in Go code, with goroutines that move their stacks. The traceback is whole and the status is 2.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

func deep(n int) int {
	var a [20]int
	a[n%20] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + a[(n+1)%20]
}

func child(busy bool) {
	for i := range 4 {
		go func() {
			for busy {
				deep(30 + i*40)
				runtime.Gosched()
			}
			select {}
		}()
	}
	fmt.Println("up")
	time.Sleep(time.Hour)
}

func main() {
	if len(os.Args) > 1 {
		child(os.Args[1] == "busy")
	}
	for i := range 16 {
		mode := []string{"idle", "busy"}[i%2]
		cmd := exec.Command(os.Args[0], mode)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, _ := cmd.StdoutPipe()
		cmd.Start()
		bufio.NewReader(out).ReadString('\n')
		time.Sleep(time.Duration(i) * time.Millisecond)
		cmd.Process.Signal(syscall.SIGQUIT)
		cmd.Wait()
		text := errs.String()
		if cmd.ProcessState.ExitCode() != 2 || !strings.HasPrefix(text, "SIGQUIT: quit\n") || !strings.Contains(text, "goroutine 1 [") || !strings.Contains(text, "main.child") {
			fmt.Println(mode, cmd.ProcessState, text)
		}
	}
	fmt.Println("done")
}

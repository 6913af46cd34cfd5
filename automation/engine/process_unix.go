//go:build unix

package engine

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup keeps a Ctrl-C at the terminal from reaching cmd.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// interrupt asks cmd to end.
func interrupt(cmd *exec.Cmd) error {
	return cmd.Process.Signal(os.Interrupt)
}

// interruptGroup asks cmd and the processes it started to end.
func interruptGroup(cmd *exec.Cmd) error {
	return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
}

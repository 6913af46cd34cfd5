package engine

import (
	"os/exec"
	"syscall"
)

// generateConsoleCtrlEvent sends a console event to a group of processes.
var generateConsoleCtrlEvent = syscall.NewLazyDLL("kernel32.dll").NewProc("GenerateConsoleCtrlEvent")

// ownGroup keeps a Ctrl-C at the terminal from reaching cmd.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// interrupt asks cmd to end. Windows knows no interrupt for one process; a
// Ctrl-Break for the group it leads comes nearest, and Go takes it for
// os.Interrupt.
func interrupt(cmd *exec.Cmd) error {
	ok, _, _ := generateConsoleCtrlEvent.Call(syscall.CTRL_BREAK_EVENT, uintptr(cmd.Process.Pid))
	if ok == 0 {
		// A process without a console gets no events.
		return cmd.Process.Kill()
	}
	return nil
}

// interruptGroup asks cmd and the processes it started to end.
func interruptGroup(cmd *exec.Cmd) error { return interrupt(cmd) }

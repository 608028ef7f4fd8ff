// taskkill /PID <pid> /T /F. That of Wine 8 does not have /T.
#include <windows.h>
#include <tlhelp32.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static PROCESSENTRY32 entries[4096];
static int count = 0, ended = 0;

static void end_tree(DWORD pid, int depth) {
  for (int at = 0; depth < 50 && at < count; at++)
    if (entries[at].th32ParentProcessID == pid && entries[at].th32ProcessID != GetCurrentProcessId())
      end_tree(entries[at].th32ProcessID, depth + 1);
  HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, pid);
  if (process == NULL) return;
  if (TerminateProcess(process, 1)) ended++;
  CloseHandle(process);
}

int main(int argc, char **argv) {
  DWORD pid = 0;
  for (int at = 1; at + 1 < argc; at++)
    if (_stricmp(argv[at], "/PID") == 0) pid = strtoul(argv[at + 1], NULL, 10);
  if (pid == 0) return 1;
  HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  for (entries[0].dwSize = sizeof entries[0]; count < 4095; count++) {
    entries[count].dwSize = sizeof entries[0];
    if (!(count == 0 ? Process32First(snapshot, &entries[0]) : Process32Next(snapshot, &entries[count]))) break;
  }
  CloseHandle(snapshot);
  end_tree(pid, 0);
  return ended > 0 ? 0 : 128;
}

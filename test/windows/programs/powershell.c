// powershell.exe, which Wine does not have. It only knows the command that asks when a process started, and fails for every other one.
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  static const char question[] = "(Get-Process -Id ";
  const char *found = argc > 1 ? strstr(argv[argc - 1], question) : NULL;
  if (found == NULL) return 1;
  HANDLE process =
      OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, strtoul(found + strlen(question), NULL, 10));
  if (process == NULL) return 1;
  FILETIME start, other;
  SYSTEMTIME time;
  GetProcessTimes(process, &start, &other, &other, &other);
  FileTimeToSystemTime(&start, &time);
  printf("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\n", time.wYear, time.wMonth, time.wDay, time.wHour, time.wMinute,
         time.wSecond, time.wMilliseconds);
  return 0;
}

// A Windows program with the name of a program of the host, which it runs through wine.mjs: its folder, its arguments and its output.
// When this process ends, so does the program of the host.
#include <winsock2.h>
#include <windows.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static SOCKET channel;

static void send_all(const char *bytes, int length) {
  while (length > 0) {
    int sent = send(channel, bytes, length, 0);
    if (sent <= 0) exit(125);
    bytes += sent;
    length -= sent;
  }
}

static int receive_all(char *bytes, int length) {
  while (length > 0) {
    int received = recv(channel, bytes, length, 0);
    if (received <= 0) return 0;
    bytes += received;
    length -= received;
  }
  return 1;
}

static void send_number(unsigned value) {
  unsigned bytes = htonl(value);
  send_all((const char *)&bytes, 4);
}

static void send_text(const wchar_t *text) {
  char utf8[32768];
  int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, sizeof utf8, NULL, NULL) - 1;
  send_number(length);
  send_all(utf8, length);
}

int main(void) {
  WSADATA data;
  struct sockaddr_in address = {0};
  wchar_t self[MAX_PATH], folder[4096];
  int count;
  wchar_t **arguments = CommandLineToArgvW(GetCommandLineW(), &count);
  WSAStartup(MAKEWORD(2, 2), &data);
  channel = socket(AF_INET, SOCK_STREAM, 0);
  SetHandleInformation((HANDLE)channel, HANDLE_FLAG_INHERIT, 0);
  address.sin_family = AF_INET;
  address.sin_port = htons((unsigned short)atoi(getenv("HOST_PROGRAMS_PORT")));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(channel, (struct sockaddr *)&address, sizeof address)) return 126;
  GetModuleFileNameW(NULL, self, MAX_PATH);
  GetCurrentDirectoryW(4096, folder);
  send_number(count + 1);
  send_text(self);
  send_text(folder);
  for (int at = 1; at < count; at++) send_text(arguments[at]);
  for (;;) {
    // The kind of a message and its length, or the exit status.
    unsigned header[2];
    if (!receive_all((char *)header, 8)) return 125;
    unsigned kind = ntohl(header[0]), length = ntohl(header[1]);
    if (kind == 0) ExitProcess(length);
    char *bytes = malloc(length + 1);
    if (!receive_all(bytes, length)) return 125;
    HANDLE output = GetStdHandle(kind == 1 ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
    for (DWORD at = 0, written; at < length; at += written)
      if (!WriteFile(output, bytes + at, length - at, &written, NULL)) break;
    free(bytes);
  }
}

// Performance counters, which Temporal's core reads. Those of Wine 8 lack some functions. Each says that there is no data.
#include <windows.h>

#define ABSENT(name) \
  __declspec(dllexport) LONG WINAPI name(void) { return (LONG)0x800007D5; }

ABSENT(PdhOpenQueryW)
ABSENT(PdhCloseQuery)
ABSENT(PdhCollectQueryData)
ABSENT(PdhAddEnglishCounterW)
ABSENT(PdhRemoveCounter)
ABSENT(PdhGetFormattedCounterValue)
ABSENT(PdhEnumObjectsW)

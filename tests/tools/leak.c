/* Linked only into the programs of leaky/: loses some memory before main() begins, so that a test
 * can see that the leak check at the end of the process still works inside its sandbox. */
#include <stdlib.h>
#include <string.h>

enum { LOST_BYTES = 7777 };

__attribute__((constructor, noinline)) static void tp_plant_leak(void)
{
	void *volatile lost = malloc(LOST_BYTES);
	if (lost)
		memset(lost, 1, LOST_BYTES);
	/* cppcheck-suppress memleak */
	lost = NULL;
}

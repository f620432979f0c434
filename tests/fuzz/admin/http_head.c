/* Fuzz: the head of an HTTP request. What is passed on has one Host and no two lengths. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *head = malloc(size + 1);
	int status;

	if (!head)
		return 0;
	memcpy(head, data, size);
	status = tp_http_check_head(head, size);
	if (status != 0 && (status < 400 || status > 505))
		abort();
	if (status == 0 && (memchr(head, 0, size) || size < 18 || memcmp(head + size - 4, "\r\n\r\n", 4) != 0))
		abort();
	free(head);
	return 0;
}

/* Fuzz: a Cookie header with the cookie of a known browser. Only what we signed is known, and
 * that reads back as it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "admin/account/device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[TP_DEVICE_KEY] = { 7 };
	struct tp_device device = { .account = "admin", .password_ms = 1, .issued_ms = 2 };
	char *header = malloc(size + 1);
	char value[TP_DEVICE_VALUE_MAX + 1];

	if (!header)
		return 0;
	memcpy(header, data, size);
	header[size] = '\0';
	if (tp_device_find(key, header, 3, &device) == TP_OK &&
	    (tp_device_write(key, &device, value) != TP_OK || !strcasestr(header, value)))
		abort();
	free(header);
	return 0;
}

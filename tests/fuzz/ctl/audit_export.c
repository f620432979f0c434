/* Any bytes as an exported audit log, and as a public key. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/audit_export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t key[TP_AUDIT_PUBLIC] = { 1 };
	struct tp_audit_check c;
	char *text = malloc(size + 1);
	FILE *f = size ? fmemopen((void *)data, size, "r") : NULL;

	if (f && tp_ctl_audit_export(f, key, &c, NULL) == TP_OK)
		tp_audit_check_end(&c, NULL);
	if (f)
		fclose(f);
	if (text) {
		if (size)
			memcpy(text, data, size);
		text[size] = '\0';
		if (tp_ctl_audit_key(text, key) != TP_OK)
			key[0] = 0;
	}
	free(text);
	return 0;
}

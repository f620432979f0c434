/* The test PKI for cards (certs/make-test-pki), made once for a group of tests: their *state is the
 * folder with it. Include it behind cmocka.h. */
#ifndef TP_TESTS_ADMIN_CARD_PKI_H
#define TP_TESTS_ADMIN_CARD_PKI_H

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int make_pki(void **state)
{
	char *folder = strdup("/tmp/tp-cac-XXXXXX"), command[512];

	assert_non_null(folder);
	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof(command), "'%s/make-test-pki' '%s' --only ec", TP_CERTS_DIR, folder);
	assert_int_equal(system(command), 0); /* NOLINT: our own script, no input in it */
	*state = folder;
	return 0;
}

static inline int remove_pki(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r '%s'", (char *)*state);
	assert_int_equal(system(command), 0); /* NOLINT */
	free(*state);
	return 0;
}

/* The first certificate of a file; freed by the caller. NULL: there is none in it. */
static inline X509 *read_leaf(const char *folder, const char *file)
{
	char path[512];
	X509 *x;
	FILE *f;

	snprintf(path, sizeof(path), "%s/ec/%s", folder, file);
	f = fopen(path, "rb");
	assert_non_null(f);
	x = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	return x;
}

#endif

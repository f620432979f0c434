/* The default trust list. Runs in turnpike-admin. */
#include "admin/trust/bundle.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* clang-format off */
__asm__(".section .rodata\n"
	".balign 16\n"
	"tp_trust_bundle_pem:\n"
	".incbin \"" TP_CERTS_DIR "/default-trust.pem\"\n"
	"tp_trust_bundle_pem_end:\n"
	".byte 0\n"
	".balign 8\n"
	"tp_trust_bundle_size:\n"
	".quad tp_trust_bundle_pem_end - tp_trust_bundle_pem\n"
	".previous\n");
/* clang-format on */
extern const char tp_trust_bundle_pem[] __attribute__((visibility("hidden")));
extern const uint64_t tp_trust_bundle_size __attribute__((visibility("hidden")));

struct tp_span tp_trust_bundle(void)
{
	return (struct tp_span){ tp_trust_bundle_pem, (size_t)tp_trust_bundle_size };
}

void tp_trust_bundle_says(const char *key, char out[64])
{
	struct tp_span rest = tp_trust_bundle();
	char start[32];
	size_t n = (size_t)snprintf(start, sizeof(start), "# %s: ", key);

	out[0] = '\0';
	while (rest.len && rest.p[0] == '#') {
		struct tp_span line = tp_span_split(&rest, '\n');

		if (line.len > n && !memcmp(line.p, start, n))
			tp_text_copy_span(out, 64, (struct tp_span){ line.p + n, line.len - n });
	}
}

int64_t tp_trust_bundle_at(void)
{
	struct tm tm = { 0 };
	char date[64];

	tp_trust_bundle_says("date", date);
	return strptime(date, "%Y-%m-%d", &tm) ? (int64_t)timegm(&tm) : 0;
}

/* proto/bundle: files come out of ZIP, GZIP and TAR, and never more than is allowed;
 * proto/destination: special addresses in all their disguises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/bytes.h"
#include "proto/bundle.h"
#include "proto/destination.h"

static const struct tp_bundle_limits limits = { .files_max = 3, .bytes_max = 4 << 20, .ratio_max = 10 };

struct seen {
	size_t files;
	size_t bytes;
	char text[256];
};

static enum tp_err see(void *arg, const uint8_t *bytes, size_t len)
{
	struct seen *s = arg;

	s->files++;
	s->bytes += len;
	if (len < 60)
		strncat(s->text, (const char *)bytes, len);
	strcat(s->text, "|");
	return TP_OK;
}

static enum tp_err walk(const void *bytes, size_t len, struct seen *s, struct tp_diag *diag)
{
	memset(s, 0, sizeof(*s));
	return tp_bundle_walk(bytes, len, &limits, see, s, diag);
}

static size_t deflated(const void *bytes, size_t len, int bits, uint8_t *out, size_t cap)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)len, .next_out = out,
		       .avail_out = (uInt)cap };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static void put_le(uint8_t *p, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* A ZIP file with one text, `copies` times in its directory. */
static size_t make_zip(const char *text, unsigned method, unsigned flags, unsigned copies,
		       uint8_t *out)
{
	size_t packed = strlen(text);
	size_t at;

	memset(out, 0, 30);
	memcpy(out, "PK\3\4", 4);
	put_le(out + 26, 1, 2);
	out[30] = 'a';
	if (method == 8)
		packed = deflated(text, strlen(text), -15, out + 31, 60000);
	else
		memcpy(out + 31, text, packed);
	at = 31 + packed;
	for (unsigned i = 0; i < copies; i++) {
		uint8_t *p = out + at + i * 47;

		memset(p, 0, 46);
		memcpy(p, "PK\1\2", 4);
		put_le(p + 8, flags, 2);
		put_le(p + 10, method, 2);
		put_le(p + 20, (uint32_t)packed, 4);
		put_le(p + 24, (uint32_t)strlen(text), 4);
		put_le(p + 28, 1, 2);
		p[46] = 'a';
	}
	memset(out + at + copies * 47, 0, 22);
	memcpy(out + at + copies * 47, "PK\5\6", 4);
	put_le(out + at + copies * 47 + 10, copies, 2);
	put_le(out + at + copies * 47 + 16, (uint32_t)at, 4);
	return at + copies * 47 + 22;
}

static void row_88_files_are_found_by_content(void **state)
{
	uint8_t packed[65536];
	struct seen s;
	struct tp_diag diag;
	size_t len;
	size_t more;

	(void)state;
	assert_int_equal(walk("bare", 4, &s, &diag), TP_OK);
	assert_string_equal(s.text, "bare|");
	len = deflated("one", 3, 15 + 16, packed, sizeof(packed));
	more = deflated("two", 3, 15 + 16, packed + len, sizeof(packed) - len);
	assert_int_equal(walk(packed, len + more, &s, &diag), TP_OK);
	assert_string_equal(s.text, "onetwo|");
	len = make_zip("stored", 0, 0, 2, packed);
	assert_int_equal(walk(packed, len, &s, &diag), TP_OK);
	assert_string_equal(s.text, "stored|stored|");
	len = make_zip("packed", 8, 0, 1, packed);
	assert_int_equal(walk(packed, len, &s, &diag), TP_OK);
	assert_string_equal(s.text, "packed|");
}

static void a_tar_inside_gzip_gives_its_files(void **state)
{
	uint8_t tar[2048] = { 0 };
	uint8_t packed[4096];
	struct seen s;
	struct tp_diag diag;

	(void)state;
	memcpy(tar, "a.crl", 5);
	memcpy(tar + 124, "00000000003", 11);
	tar[156] = '0';
	memcpy(tar + 257, "ustar", 5);
	memcpy(tar + 512, "abc", 3);
	assert_int_equal(walk(packed, deflated(tar, sizeof(tar), 31, packed, sizeof(packed)), &s, &diag),
			 TP_OK);
	assert_string_equal(s.text, "abc|");
	memcpy(tar + 124, "77777777777", 11);
	assert_int_equal(walk(packed, deflated(tar, sizeof(tar), 31, packed, sizeof(packed)), &s, &diag),
			 TP_FORMAT);
}

/* Entries of a directory that all mean the same bytes, and say that they hold none. */
static void attack_44_stored_files_count_too(void **state)
{
	size_t big = 2 << 20;
	char *text = malloc(big + 1);
	uint8_t *zip = malloc(big + 1024);
	struct seen s;
	struct tp_diag diag;
	size_t len;

	(void)state;
	memset(text, 'x', big);
	text[big] = '\0';
	len = make_zip(text, 0, 0, 3, zip);
	for (size_t i = 0; i < 3; i++)
		put_le(zip + 31 + big + i * 47 + 24, 0, 4);
	assert_int_equal(walk(zip, len, &s, &diag), TP_LIMIT);
	assert_int_equal(s.files, 2);
	free(zip);
	free(text);
}

static void attack_44_bombs_are_not_unpacked(void **state)
{
	size_t big = 3 << 20;
	char *zeros = calloc(1, big + 1);
	uint8_t packed[65536];
	struct seen s;
	struct tp_diag diag;
	size_t len = deflated(zeros, big, 31, packed, sizeof(packed));

	(void)state;
	assert_int_equal(walk(packed, len, &s, &diag), TP_LIMIT);
	assert_int_equal(s.files, 0);
	assert_non_null(strstr(diag.text, "larger than allowed"));
	/* The same bytes named often. */
	memset(zeros, 'x', 600000);
	zeros[600000] = '\0';
	len = make_zip(zeros, 8, 0, 3, packed);
	assert_int_equal(walk(packed, len, &s, &diag), TP_LIMIT);
	len = make_zip("small", 0, 0, 4, packed);
	assert_int_equal(walk(packed, len, &s, &diag), TP_LIMIT);
	assert_int_equal(s.files, 0);
	free(zeros);
}

static void broken_archives_are_refused(void **state)
{
	uint8_t packed[65536];
	struct seen s;
	struct tp_diag diag;
	size_t len = make_zip("some text", 8, 0, 1, packed);

	(void)state;
	for (size_t i = 4; i < len; i++)
		assert_int_not_equal(walk(packed, i, &s, &diag), TP_OK);
	len = make_zip("secret", 0, 1, 1, packed);
	assert_int_equal(walk(packed, len, &s, &diag), TP_UNSUPPORTED);
	len = make_zip("odd", 12, 0, 1, packed);
	assert_int_equal(walk(packed, len, &s, &diag), TP_UNSUPPORTED);
	len = deflated("gone", 4, 31, packed, sizeof(packed));
	assert_int_equal(walk(packed, len / 2, &s, &diag), TP_FORMAT);
}

static void attack_47_special_addresses_are_known_in_all_disguises(void **state)
{
	static const struct {
		const char *address;
		enum tp_destination what;
	} rows[] = {
		{ "127.0.0.1", TP_DESTINATION_LOOPBACK },
		{ "127.255.1.1", TP_DESTINATION_LOOPBACK },
		{ "::1", TP_DESTINATION_LOOPBACK },
		{ "::ffff:127.0.0.1", TP_DESTINATION_LOOPBACK },
		{ "64:ff9b::7f00:1", TP_DESTINATION_LOOPBACK },
		{ "2002:7f00:1::", TP_DESTINATION_LOOPBACK },
		{ "::7f00:1", TP_DESTINATION_RESERVED },
		{ "169.254.169.254", TP_DESTINATION_LINK_LOCAL },
		{ "fe80::1", TP_DESTINATION_LINK_LOCAL },
		{ "febf::1", TP_DESTINATION_LINK_LOCAL },
		{ "0.0.0.0", TP_DESTINATION_UNSPECIFIED },
		{ "0.1.2.3", TP_DESTINATION_UNSPECIFIED },
		{ "::", TP_DESTINATION_UNSPECIFIED },
		{ "224.0.0.1", TP_DESTINATION_MULTICAST },
		{ "255.255.255.255", TP_DESTINATION_MULTICAST },
		{ "ff02::1", TP_DESTINATION_MULTICAST },
		{ "241.0.0.1", TP_DESTINATION_RESERVED },
		{ "10.1.2.3", TP_DESTINATION_PRIVATE },
		{ "172.16.0.1", TP_DESTINATION_PRIVATE },
		{ "172.31.255.255", TP_DESTINATION_PRIVATE },
		{ "172.32.0.1", TP_DESTINATION_PUBLIC },
		{ "192.168.0.1", TP_DESTINATION_PRIVATE },
		{ "100.64.0.1", TP_DESTINATION_PRIVATE },
		{ "fd00::1", TP_DESTINATION_PRIVATE },
		{ "192.0.2.1", TP_DESTINATION_PUBLIC },
		{ "2001:db8::1", TP_DESTINATION_PUBLIC },
		{ "2002:c000:201::1", TP_DESTINATION_PUBLIC },
		{ "64:ff9b:1::7f00:1", TP_DESTINATION_RESERVED },
		{ "64:ff9b:1:fffe:7f:0:100:0", TP_DESTINATION_RESERVED },
		{ "64:ff9b:2::1", TP_DESTINATION_PUBLIC },
		{ "2001:0:4136:e378:8000:63bf:80ff:fffe", TP_DESTINATION_RESERVED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tp_addr a;

		assert_int_equal(tp_addr_parse_ip(tp_span_of(rows[i].address), 0, &a), TP_OK);
		if (tp_destination_of(&a) != rows[i].what)
			fail_msg("%s is taken for %s", rows[i].address,
				 tp_destination_text(tp_destination_of(&a)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_88_files_are_found_by_content),
		cmocka_unit_test(a_tar_inside_gzip_gives_its_files),
		cmocka_unit_test(attack_44_bombs_are_not_unpacked),
		cmocka_unit_test(attack_44_stored_files_count_too),
		cmocka_unit_test(broken_archives_are_refused),
		cmocka_unit_test(attack_47_special_addresses_are_known_in_all_disguises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

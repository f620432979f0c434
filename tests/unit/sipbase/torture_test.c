/* sip/msg against the cases of RFC 4475 that concern a proxy, written anew in our own
 * words, and against attacks 11, 12, 15, 22, 23 and 26: what must pass does, what must
 * not is refused with the fitting answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip/msg/msg.h"

#define TOP "OPTIONS sip:user@example.com SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
#define FROM "From: <sip:a@example.com>;tag=1\r\n"
#define TO "To: <sip:b@example.com>\r\n"
#define ID "Call-ID: 1@x\r\n"
#define CSEQ "CSeq: 1 OPTIONS\r\n"
#define ALL VIA FROM TO ID CSEQ
#define END "Content-Length: 0\r\n\r\n"

static struct tp_sip_msg *accepted(const char *text)
{
	struct tp_diag diag = { "", "" };
	struct tp_sip_msg *m = NULL;
	struct tp_sip_msg *again = NULL;
	char *bytes;
	size_t n;

	if (tp_sip_msg_parse(text, strlen(text), &m, NULL, &diag) != TP_OK)
		fail_msg("refused (%s: %s):\n%s", diag.where, diag.text, text);
	/* What was accepted is written so that it is accepted again. */
	assert_int_equal(tp_sip_msg_write(m, &bytes, &n), TP_OK);
	if (tp_sip_msg_parse(bytes, n, &again, NULL, &diag) != TP_OK)
		fail_msg("own words refused (%s: %s):\n%s", diag.where, diag.text, bytes);
	tp_sip_msg_free(&again);
	free(bytes);
	return m;
}

static void accepts(const char *text)
{
	struct tp_sip_msg *m = accepted(text);

	tp_sip_msg_free(&m);
}

/* answer: start of the response; NULL = none may be sent. */
static void refuses_bytes(const char *text, size_t len, const char *answer)
{
	struct tp_sip_refusal refusal = { NULL, 0 };
	struct tp_diag diag = { "", "" };
	struct tp_sip_msg *m = NULL;

	if (tp_sip_msg_parse(text, len, &m, &refusal, &diag) == TP_OK)
		fail_msg("accepted:\n%s", text);
	assert_null(m);
	assert_string_not_equal(diag.text, "");
	if (!answer) {
		assert_null(refusal.response);
		return;
	}
	if (!refusal.response || strncmp(refusal.response, answer, strlen(answer)) != 0)
		fail_msg("answer is\n%s\nnot %s, to\n%s", refusal.response, answer, text);
	assert_int_equal(strlen(refusal.response), refusal.response_len);
	free(refusal.response);
}

static void refuses(const char *text, const char *answer)
{
	refuses_bytes(text, strlen(text), answer);
}

static void odd_but_legal_passes(void **state)
{
	struct tp_sip_msg *m;
	struct tp_sip_via via;

	(void)state;
	/* wsinv: white space and folding wherever the grammar lets it stand */
	m = accepted("INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
			 "TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n"
			 "from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n"
			 "MaX-fOrWaRdS: 0068\r\n"
			 "Call-ID: wsinv.ndaksdj@192.0.2.1\r\n"
			 "Content-Length   : 3\r\n"
			 "cseq: 0009\r\n  INVITE\r\n"
			 "Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=z9hG4bK390skdjuw\r\n"
			 "s :\r\n"
			 "NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
			 "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
			 "Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
			 "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
			 " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
			 "m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n"
			 "  secondparam ; q = 0.33\r\n\r\nabc");
	tp_sip_msg_free(&m);
	m = accepted("!odd-Method0123456789_*%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,"
			 "/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\r\n" VIA FROM TO ID
			 "CSeq: 139122385 !odd-Method0123456789_*%indeed'~\r\n" END);
	assert_int_equal(tp_sip_msg_method(m), TP_SIP_OTHER);
	tp_sip_msg_free(&m);
	/* esc01, escnull */
	accepts("INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0\r\n" VIA FROM TO ID "CSeq: 1 INVITE\r\n" END);
	accepts("OPTIONS sip:null-%00-null@example.com SIP/2.0\r\n" ALL END);
	/* noreason, unreason */
	accepts("SIP/2.0 100 \r\n" ALL END);
	accepts("SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe\r\n" ALL END);
	/* transports that we do not speak, further down */
	m = accepted(TOP VIA "Via: SIP/2.0/SCTP t1.example.com;branch=z9hG4bKb\r\nVia: SIP/2.0/UNKNOWN x\r\n" FROM TO ID CSEQ END);
	assert_true(tp_sip_msg_via(m, 1, &via));
	assert_string_equal(via.transport, "SCTP");
	tp_sip_msg_free(&m);
	/* unknown scheme in To; tel */
	accepts("OPTIONS tel:+1234 SIP/2.0\r\n" VIA FROM "To: <isbn:2983792873>\r\n" ID CSEQ END);
	/* baddate and other headers that are not ours to judge go through untouched */
	accepts(TOP ALL "Date: Fri, 01 Jan 2010 16:00:00 EST\r\nExpires: 0 0l@company.com\r\n" END);
	/* dblreq over UDP: bytes beyond Content-Length are dropped */
	accepts(TOP ALL "Content-Length: 0\r\n\r\nINVITE sip:smuggled SIP/2.0\r\n\r\n");
	accepts(TOP ALL "\r\nbody without a length");
	accepts("\r\n\r\n" TOP ALL END);
}

static void broken_is_refused(void **state)
{
	(void)state;
	/* badinv01: a required header is missing, one after the other */
	refuses(TOP FROM TO ID CSEQ END, NULL);
	refuses(TOP VIA TO ID CSEQ END, "SIP/2.0 400 Bad Request (From)\r\n" VIA TO ID CSEQ);
	refuses(TOP VIA FROM ID CSEQ END, "SIP/2.0 400 Bad Request (To)");
	refuses(TOP VIA FROM TO CSEQ END, "SIP/2.0 400 Bad Request (Call-ID)");
	refuses(TOP VIA FROM TO ID END, "SIP/2.0 400 Bad Request (CSeq)");
	/* mcl01, multi01: what may stand once stands twice */
	refuses(TOP ALL "Content-Length: 8\r\nContent-Length: 14\r\n\r\nhello there, x",
		"SIP/2.0 400 Bad Request (Content-Length)");
	refuses(TOP ALL FROM END, "SIP/2.0 400 Bad Request (From)");
	refuses(TOP ALL "i: other\r\n" END, "SIP/2.0 400 Bad Request (Call-ID)");
	refuses(TOP ALL "Max-Forwards: 70\r\nMax-Forwards : 70\r\n" END, "SIP/2.0 400 Bad Request (Max-Forwards)");
	/* clerr, ncl, scalar02 */
	refuses(TOP ALL "Content-Length: 9999\r\n\r\nshort", "SIP/2.0 400 Bad Request (Content-Length)");
	refuses(TOP ALL "Content-Length: -999\r\n\r\n", "SIP/2.0 400 Bad Request (Content-Length)");
	refuses(TOP ALL "Content-Length: 4294967296\r\n\r\n", "SIP/2.0 400 Bad Request (Content-Length)");
	refuses(TOP ALL "Content-Length: 0 1\r\n\r\n", "SIP/2.0 400 Bad Request (Content-Length)");
	refuses(TOP VIA FROM TO ID "CSeq: 36893488147419103232 OPTIONS\r\n" END, "SIP/2.0 400 Bad Request (CSeq)");
	refuses(TOP VIA FROM TO ID "CSeq: 2147483648 OPTIONS\r\n" END, "SIP/2.0 400 Bad Request (CSeq)");
	refuses(TOP ALL "Max-Forwards: 300\r\n" END, "SIP/2.0 400 Bad Request (Max-Forwards)");
	/* ltgtruri, lwsruri, lwsstart, trws */
	refuses("OPTIONS <sip:user@example.com> SIP/2.0\r\n" ALL END, "SIP/2.0 400 ");
	refuses("OPTIONS sip:user@example.com; lr SIP/2.0\r\n" ALL END, "SIP/2.0 400 ");
	refuses("OPTIONS  sip:user@example.com  SIP/2.0\r\n" ALL END, "SIP/2.0 400 ");
	refuses("OPTIONS sip:user@example.com SIP/2.0  \r\n" ALL END, "SIP/2.0 400 ");
	/* badvers, mismatch01, mismatch02, bigcode */
	refuses("OPTIONS sip:user@example.com SIP/7.0\r\n" ALL END, "SIP/2.0 505 Version Not Supported");
	refuses(TOP VIA FROM TO ID "CSeq: 8 INVITE\r\n" END, "SIP/2.0 400 Bad Request (CSeq)");
	refuses("SIP/2.0 4294967301 better not\r\n" ALL END, NULL);
	refuses("SIP/2.0 099 too low\r\n" ALL END, NULL);
	/* an ACK is never answered, nor is a response */
	refuses("ACK sip:a@b SIP/2.0\r\n" VIA TO ID "CSeq: 1 ACK\r\n" END, NULL);
	refuses("SIP/2.0 200 OK\r\n" VIA TO ID CSEQ END, NULL);
	/* badaspec-like: an address that cannot be read */
	refuses(TOP VIA "From: <sip:a@example.com;tag=1\r\n" TO ID CSEQ END, "SIP/2.0 400 Bad Request (From)");
	refuses(TOP VIA FROM "To: *\r\n" ID CSEQ END, "SIP/2.0 400 ");
	refuses(TOP ALL "Route: <sip:x\r\n" END, "SIP/2.0 400 Bad Request (Route)");
	refuses("OPTIONS sip: SIP/2.0\r\n" ALL END, "SIP/2.0 400 ");
	refuses("", NULL);
	refuses("\r\n", NULL);
	refuses("OPTIONS", NULL);
}

/* Attack 11: no white space, case, folding or bare line end lets a header slip past. */
static void headers_are_not_smuggled(void **state)
{
	(void)state;
	refuses(TOP ALL " P-Asserted-Identity: <sip:x@y>\r\n" "\rQ: y\r\n" END, "SIP/2.0 400 ");
	refuses(TOP ALL "X: a\nP-Asserted-Identity: <sip:x@y>\r\n" END, "SIP/2.0 400 ");
	refuses(TOP ALL "X: a\rP-Asserted-Identity: <sip:x@y>\r\n" END, "SIP/2.0 400 ");
	refuses(TOP ALL "P-Asserted Identity: <sip:x@y>\r\n" END, "SIP/2.0 400 ");
	refuses(TOP ALL ": nameless\r\n" END, "SIP/2.0 400 ");
	refuses(TOP ALL "no colon\r\n" END, "SIP/2.0 400 ");
	refuses_bytes(TOP ALL "X: a\0b\r\n" END, sizeof(TOP ALL "X: a\0b\r\n" END) - 1, "SIP/2.0 400 ");
	refuses("OPTIONS sip:user@example.com SIP/2.0\r\n folded: start\r\n" ALL END, "SIP/2.0 400 ");
}

static char *with_long(const char *before, size_t len, const char *after)
{
	size_t a = strlen(before);
	size_t b = strlen(after);
	char *text = malloc(a + len + b + 1);

	assert_non_null(text);
	memcpy(text, before, a);
	memset(text + a, 'x', len);
	memcpy(text + a + len, after, b + 1);
	return text;
}

static void refuses_long(const char *before, size_t len, const char *after, const char *answer)
{
	char *text = with_long(before, len, after);

	refuses(text, answer);
	free(text);
}

static void limits_hold(void **state)
{
	static char many[TP_SIP_MESSAGE_MAX];
	size_t n;
	char *text;

	(void)state;
	refuses_long(TOP VIA "From: <sip:a@b>;tag=", 300, "\r\n" TO ID CSEQ END, "SIP/2.0 413 ");
	refuses_long(TOP VIA FROM "To: <sip:a@b>;tag=", 300, "\r\n" ID CSEQ END, "SIP/2.0 413 ");
	refuses_long(TOP VIA FROM TO "Call-ID: ", 300, "\r\n" CSEQ END, "SIP/2.0 413 ");
	refuses_long(TOP "Via: SIP/2.0/UDP h;branch=z9hG4bK", 300, "\r\n" FROM TO ID CSEQ END, "SIP/2.0 413 ");
	refuses_long("OPTIONS sip:", 1100, " SIP/2.0\r\n" ALL END, "SIP/2.0 413 ");
	refuses_long("", 300, " sip:a@b SIP/2.0\r\n" ALL END, NULL);
	refuses_long(TOP ALL "Q: ", 17000, "\r\n" END, "SIP/2.0 413 ");
	refuses_long(TOP ALL "\r\n", 70000, "", NULL);
	/* a long realm is no trouble here, and none for what reads it into its own buffer */
	text = with_long(TOP ALL "Authorization: Digest realm=\"", 8000, "\", nonce=\"n\"\r\n" END);
	accepts(text);
	free(text);
	strcpy(many, TOP ALL);
	for (n = strlen(many); n < 60000; n += 6)
		strcpy(many + n, "Q: y\r\n");
	strcpy(many + n, END);
	refuses(many, "SIP/2.0 413 ");
	strcpy(many, TOP FROM TO ID CSEQ "Via: SIP/2.0/UDP h;branch=z9hG4bK1");
	for (int i = 0; i < 70; i++)
		strcat(many, ",\r\n SIP/2.0/UDP h");
	strcat(many, "\r\n" END);
	refuses(many, "SIP/2.0 413 ");
	strcpy(many, TOP ALL "Contact: <sip:a@b>");
	for (int i = 0; i < 70; i++)
		strcat(many, ", <sip:a@b>");
	strcat(many, "\r\n" END);
	refuses(many, "SIP/2.0 413 ");
}

static void uris_are_bounded(void **state)
{
	char storage[TP_SIP_URI_STORAGE];
	struct tp_sip_uri u;
	char small[4];
	char buf[64];

	(void)state;
	assert_int_equal(tp_sip_uri_parse(TP_SPAN("sip:a@b:5060;lr"), storage, sizeof(storage), &u), TP_OK);
	assert_int_equal(tp_sip_uri_parse(TP_SPAN("sip:a@b:99999"), storage, sizeof(storage), &u), TP_FORMAT);
	assert_int_equal(tp_sip_uri_parse(TP_SPAN("sip:a b@c"), storage, sizeof(storage), &u), TP_FORMAT);
	assert_int_equal(tp_sip_uri_parse(TP_SPAN("sip:a@b\r\nX: y"), storage, sizeof(storage), &u), TP_FORMAT);
	assert_int_equal(tp_sip_uri_parse(TP_SPAN("sip:"), storage, sizeof(storage), &u), TP_FORMAT);
	assert_int_equal(tp_sip_uri_parse(TP_SPAN("*"), storage, sizeof(storage), &u), TP_FORMAT);
	assert_int_equal(tp_sip_uri_parse(TP_SPAN("nonsense"), storage, sizeof(storage), &u), TP_FORMAT);
	assert_int_equal(tp_sip_uri_parse(TP_SPAN("sip:a@b"), storage, 8, &u), TP_LIMIT);
	assert_int_equal(tp_sip_uri_parse(TP_SPAN("sip:a%00b@c"), storage, sizeof(storage), &u), TP_OK);
	assert_int_equal(tp_sip_uri_user(&u, buf, sizeof(buf)), TP_FORMAT);
	assert_int_equal(tp_sip_uri_parse(TP_SPAN("sip:abcdef@c"), storage, sizeof(storage), &u), TP_OK);
	assert_int_equal(tp_sip_uri_user(&u, small, sizeof(small)), TP_LIMIT);
	assert_int_equal(tp_sip_uri_parse(TP_SPAN("tel:+49123;phone-context=x"), storage, sizeof(storage), &u), TP_OK);
	assert_string_equal(u.user, "+49123");
	assert_int_equal(tp_sip_uri_write(&u, buf, sizeof(buf)), TP_OK);
	assert_string_equal(buf, "tel:+49123;phone-context=x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_but_legal_passes), cmocka_unit_test(broken_is_refused),
		cmocka_unit_test(headers_are_not_smuggled), cmocka_unit_test(limits_hold),
		cmocka_unit_test(uris_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

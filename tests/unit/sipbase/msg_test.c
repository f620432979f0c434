/* sip/msg: what is read, refused, edited and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip/msg/msg.h"

static const char invite[] =
	"INVITE sip:bob%20b@[2001:db8::9]:5070;transport=tcp;lr;maddr=192.0.2.9?Subject=x SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1;rport, SIP/2.0/TCP [2001:db8::1];branch=z9hG4bK0\r\n"
	"v: SIP/2.0/TLS host.example;branch=z9hG4bKx;received=192.0.2.77\r\n"
	"Max-Forwards: 69\r\n"
	"Record-Route: <sip:p2.example;lr>,\r\n <sip:p1.example;lr>\r\n"
	"Route: <sip:us.example;lr>, \"Next\" <sip:next.example:5066;lr>\r\n"
	"f: \"Alice \\\"A\\\"\" <sip:alice@example.com>;tag=abc\r\n"
	"To: <sip:bob@example.com>\r\n"
	"i: 1234@host\r\n"
	"CSeq: 42 INVITE\r\n"
	"m: <sip:alice@192.0.2.1:5062;ob>;q=0.5;expires=60\r\n"
	"Require: 100rel, timer\r\n"
	"Supported: replaces\r\n"
	"k: path\r\n"
	"Proxy-Authorization: Digest username=\"al\\\"ice\", realm=\"r, x\", nonce=\"n\", uri=\"sip:b\",\r\n"
	" response=\"00\", qop=auth, nc=00000001, cnonce=\"c\", algorithm=SHA-256\r\n"
	"P-Asserted-Identity : <sip:boss@example.com>\r\n"
	"p-asserted-identity\t: <tel:+1>\r\n"
	"X-Odd:   keep   this \r\n"
	"User-Agent: phone/1\r\n"
	"Date: Not a date\r\n"
	"c: application/sdp\r\n"
	"l: 5\r\n"
	"\r\n"
	"v=0\r\n";

static struct tp_sip_msg *parse(const char *text)
{
	struct tp_sip_msg *m = NULL;
	struct tp_diag diag = { "", "" };

	if (tp_sip_msg_parse(text, strlen(text), &m, NULL, &diag) != TP_OK)
		fail_msg("refused: %s: %s", diag.where, diag.text);
	return m;
}

static char *write_text(struct tp_sip_msg *m)
{
	char *bytes = NULL;
	size_t len;

	assert_int_equal(tp_sip_msg_write(m, &bytes, &len), TP_OK);
	assert_int_equal(strlen(bytes), len);
	return bytes;
}

static void assert_holds(struct tp_sip_msg *m, const char *part)
{
	char *text = write_text(m);

	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
	free(text);
}

static void assert_lacks(struct tp_sip_msg *m, const char *part)
{
	char *text = write_text(m);

	if (strcasestr(text, part))
		fail_msg("\"%s\" is still in:\n%s", part, text);
	free(text);
}

static void everything_is_read(void **state)
{
	struct tp_sip_msg *m = parse(invite);
	struct tp_sip_credentials cred;
	struct tp_sip_address a;
	struct tp_sip_contact c;
	enum tp_transport t;
	struct tp_sip_uri u;
	struct tp_addr addr;
	struct tp_sip_via v;
	char buf[300];

	(void)state;
	assert_true(tp_sip_msg_is_request(m));
	assert_int_equal(tp_sip_msg_method(m), TP_SIP_INVITE);
	assert_string_equal(tp_sip_msg_method_text(m), "INVITE");
	u = tp_sip_msg_request_uri(m);
	assert_int_equal(u.scheme, TP_SIP_SCHEME_SIP);
	assert_string_equal(u.host, "[2001:db8::9]");
	assert_int_equal(u.port, 5070);
	assert_string_equal(u.headers, "Subject=x");
	assert_int_equal(tp_sip_uri_user(&u, buf, sizeof(buf)), TP_OK);
	assert_string_equal(buf, "bob b");
	assert_true(tp_sip_uri_is_loose(&u));
	assert_int_equal(tp_sip_uri_transport(&u, TP_TRANSPORT_UDP, &t), TP_OK);
	assert_int_equal(t, TP_TRANSPORT_TCP);
	assert_int_equal(tp_sip_uri_addr(&u, 5060, &addr), TP_OK);
	assert_int_equal(addr.port, 5070);
	assert_int_equal(tp_sip_uri_param(&u, "MADDR").len, 9);
	assert_null(tp_sip_uri_param(&u, "mad").p);
	assert_int_equal(tp_sip_uri_write(&u, buf, sizeof(buf)), TP_OK);
	assert_string_equal(buf, "sip:bob%20b@[2001:db8::9]:5070;transport=tcp;lr;maddr=192.0.2.9?Subject=x");
	assert_int_equal(tp_sip_uri_write(&u, buf, 20), TP_LIMIT);

	assert_int_equal(tp_sip_msg_via_count(m), 3);
	assert_true(tp_sip_msg_via(m, 0, &v));
	assert_string_equal(v.transport, "UDP");
	assert_string_equal(v.host, "192.0.2.1");
	assert_int_equal(v.port, 5062);
	assert_string_equal(v.branch, "z9hG4bK1");
	assert_string_equal(v.rport, "");
	assert_true(tp_sip_msg_via(m, 1, &v));
	assert_string_equal(v.host, "[2001:db8::1]");
	assert_null(v.rport);
	assert_true(tp_sip_msg_via(m, 2, &v));
	assert_string_equal(v.received, "192.0.2.77");
	assert_false(tp_sip_msg_via(m, 3, &v));

	a = tp_sip_msg_from(m);
	assert_string_equal(a.display, "\"Alice \\\"A\\\"\"");
	assert_string_equal(a.tag, "abc");
	assert_string_equal(a.uri.user, "alice");
	assert_string_equal(tp_sip_msg_to(m).tag, "");
	assert_string_equal(tp_sip_msg_call_id(m), "1234@host");
	assert_int_equal(tp_sip_msg_cseq(m), 42);
	assert_int_equal(tp_sip_msg_max_forwards(m), 69);
	assert_int_equal(tp_sip_msg_route_count(m, TP_SIP_ROUTE), 2);
	assert_true(tp_sip_msg_route(m, TP_SIP_ROUTE, 1, &a));
	assert_int_equal(a.uri.port, 5066);
	assert_true(tp_sip_msg_route(m, TP_SIP_RECORD_ROUTE, 1, &a));
	assert_string_equal(a.uri.host, "p1.example");

	assert_int_equal(tp_sip_msg_contact_count(m), 1);
	assert_true(tp_sip_msg_contact(m, 0, &c));
	assert_int_equal(c.expires_s, 60);
	assert_string_equal(c.q, "0.5");
	assert_false(tp_sip_msg_contact_is_star(m));
	assert_int_equal(tp_sip_msg_expires_s(m), -1);
	assert_string_equal(tp_sip_msg_option(m, TP_SIP_REQUIRE, 1), "timer");
	assert_true(tp_sip_msg_has_option(m, TP_SIP_SUPPORTED, "PATH"));
	assert_true(tp_sip_msg_has_option(m, TP_SIP_SUPPORTED, "replaces"));
	assert_null(tp_sip_msg_option(m, TP_SIP_PROXY_REQUIRE, 0));

	assert_true(tp_sip_msg_credentials(m, TP_SIP_PROXY_AUTHORIZATION, 0, &cred));
	assert_string_equal(cred.scheme, "Digest");
	assert_true(tp_sip_param_text(cred.params, "username", buf, sizeof(buf)));
	assert_string_equal(buf, "al\"ice");
	assert_true(tp_sip_param_text(cred.params, "realm", buf, sizeof(buf)));
	assert_string_equal(buf, "r, x");
	assert_true(tp_sip_param_text(cred.params, "nc", buf, sizeof(buf)));
	assert_string_equal(buf, "00000001");
	assert_false(tp_sip_param_text(cred.params, "algorithm", buf, 4));
	assert_false(tp_sip_msg_credentials(m, TP_SIP_AUTHORIZATION, 0, &cred));

	assert_string_equal(tp_sip_msg_user_agent(m), "phone/1");
	assert_string_equal(tp_sip_msg_content_type(m), "application/sdp");
	assert_int_equal(tp_sip_msg_body(m).len, 5);
	assert_int_equal(tp_sip_msg_header(m, "P-Asserted-Identity", 1, buf, sizeof(buf)), TP_OK);
	assert_string_equal(buf, "<tel:+1>");
	assert_int_equal(tp_sip_msg_header(m, "call-id", 0, buf, sizeof(buf)), TP_OK);
	assert_string_equal(buf, "1234@host");
	assert_int_equal(tp_sip_msg_header(m, "t", 0, buf, sizeof(buf)), TP_OK);
	assert_string_equal(buf, "<sip:bob@example.com>");
	assert_int_equal(tp_sip_msg_header(m, "X-None", 0, buf, sizeof(buf)), TP_NOTFOUND);
	tp_sip_msg_free(&m);
	assert_null(m);
}

static void untouched_bytes_stay(void **state)
{
	struct tp_sip_msg *m = parse(invite);
	char *text = write_text(m);

	(void)state;
	assert_string_equal(text, invite);
	free(text);
	tp_sip_msg_free(&m);
}

static void a_proxy_edits(void **state)
{
	struct tp_addr source = { .family = TP_ADDR_V4, .ip = { 198, 51, 100, 7 }, .port = 4444 };
	struct tp_sip_msg *m = parse(invite);
	struct tp_sip_via v;

	(void)state;
	assert_int_equal(tp_sip_msg_stamp_via(m, &source), TP_OK);
	assert_holds(m, "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1;rport=4444;received=198.51.100.7");
	assert_holds(m, "SIP/2.0/TCP [2001:db8::1];branch=z9hG4bK0");
	assert_int_equal(tp_sip_msg_push_via(m, TP_TRANSPORT_TLS, "2001:db8::5", 5061, "z9hG4bKnew"),
			 TP_OK);
	assert_holds(m, " SIP/2.0\r\nVia: SIP/2.0/TLS [2001:db8::5]:5061;branch=z9hG4bKnew;rport\r\nVia");
	assert_int_equal(tp_sip_msg_pop_route(m, TP_SIP_ROUTE), TP_OK);
	assert_holds(m, "Route: \"Next\" <sip:next.example:5066;lr>\r\n");
	assert_lacks(m, "us.example");
	assert_int_equal(tp_sip_msg_push_route(m, TP_SIP_RECORD_ROUTE, "sip:me:5060;transport=tls;lr"), TP_OK);
	assert_holds(m, "Record-Route: <sip:me:5060;transport=tls;lr>\r\n");
	assert_int_equal(tp_sip_msg_hop(m, 15), TP_OK);
	assert_int_equal(tp_sip_msg_max_forwards(m), 15);
	assert_int_equal(tp_sip_msg_hop(m, 15), TP_OK);
	assert_holds(m, "Max-Forwards: 14\r\n");
	assert_int_equal(tp_sip_msg_set_request_uri(m, "sip:carol@192.0.2.55"), TP_OK);
	assert_holds(m, "INVITE sip:carol@192.0.2.55 SIP/2.0\r\n");
	assert_int_equal(tp_sip_msg_set_request_uri(m, "sip:x@y\r\nEvil: 1"), TP_FORMAT);
	assert_int_equal(tp_sip_msg_set_body(m, NULL, "v=0\r\no=x\r\n", 10), TP_OK);
	assert_holds(m, "Content-Length: 10\r\n");
	assert_holds(m, "\r\n\r\nv=0\r\no=x\r\n");
	assert_holds(m, "c: application/sdp\r\n");
	assert_int_equal(tp_sip_msg_set_contact_uri(m, 0, "sip:9.9.9.9:1"), TP_OK);
	assert_holds(m, "<sip:9.9.9.9:1>;q=0.5;expires=60\r\n");
	assert_int_equal(tp_sip_msg_pop_via(m), TP_OK);
	assert_int_equal(tp_sip_msg_pop_via(m), TP_OK);
	assert_true(tp_sip_msg_via(m, 0, &v));
	assert_string_equal(v.branch, "z9hG4bK0");
	assert_lacks(m, "z9hG4bK1;");
	assert_int_equal(tp_sip_msg_set_body(m, NULL, NULL, 0), TP_OK);
	assert_holds(m, "Content-Length: 0\r\n");
	assert_lacks(m, "application/sdp");
	tp_sip_msg_free(&m);
}

static void headers_are_removed_however_written(void **state)
{
	struct tp_sip_msg *m = parse(invite);

	(void)state;
	assert_int_equal(tp_sip_msg_remove(m, "p-Asserted-identity"), 2);
	assert_lacks(m, "boss@example.com");
	assert_lacks(m, "asserted");
	assert_int_equal(tp_sip_msg_remove(m, "Supported"), 2);
	assert_lacks(m, "path");
	assert_int_equal(tp_sip_msg_remove(m, "Date"), 1);
	assert_lacks(m, "Not a date");
	assert_int_equal(tp_sip_msg_remove(m, "Via"), 0);
	assert_int_equal(tp_sip_msg_remove(m, "X-Odd"), 1);
	assert_int_equal(tp_sip_msg_remove(m, "X-Odd"), 0);
	assert_int_equal(tp_sip_msg_add(m, "X-Turnpike", "a b"), TP_OK);
	assert_int_equal(tp_sip_msg_add(m, "X-Turnpike", "second"), TP_OK);
	assert_holds(m, "X-Turnpike: a b\r\n");
	assert_holds(m, "X-Turnpike: second\r\n");
	assert_int_equal(tp_sip_msg_add(m, "X-Turnpike", "a\r\nb: c"), TP_FORMAT);
	assert_int_equal(tp_sip_msg_add(m, "X Y", "a"), TP_FORMAT);
	assert_int_equal(tp_sip_msg_add(m, "Expires", "60"), TP_OK);
	assert_int_equal(tp_sip_msg_add(m, "Expires", "61"), TP_EXISTS);
	assert_int_equal(tp_sip_msg_set(m, "Expires", "62"), TP_OK);
	assert_int_equal(tp_sip_msg_expires_s(m), 62);
	assert_int_equal(tp_sip_msg_set(m, "User-Agent", "Turnpike"), TP_OK);
	assert_lacks(m, "phone/1");
	assert_int_equal(tp_sip_msg_add(m, "Supported", "timer"), TP_OK);
	assert_int_equal(tp_sip_msg_add(m, "Supported", "100rel"), TP_OK);
	assert_true(tp_sip_msg_has_option(m, TP_SIP_SUPPORTED, "timer"));
	assert_true(tp_sip_msg_has_option(m, TP_SIP_SUPPORTED, "100rel"));
	assert_holds(m, "100rel");
	assert_int_equal(tp_sip_msg_set_contact(m, "<sip:a@b>;expires=5, <sip:c@d>"), TP_OK);
	assert_int_equal(tp_sip_msg_contact_count(m), 2);
	assert_lacks(m, "ob>;q");
	tp_sip_msg_free(&m);
}

static void responses_are_built(void **state)
{
	struct tp_sip_msg *m = parse(invite);
	struct tp_sip_msg *r;
	struct tp_sip_msg *again;
	char *text;

	(void)state;
	assert_int_equal(tp_sip_msg_new_response(m, 180, NULL, "mytag", &r), TP_OK);
	assert_int_equal(tp_sip_msg_status(r), 180);
	text = write_text(r);
	again = parse(text);
	assert_int_equal(tp_sip_msg_via_count(again), 3);
	assert_int_equal(tp_sip_msg_route_count(again, TP_SIP_RECORD_ROUTE), 2);
	assert_string_equal(tp_sip_msg_to(again).tag, "mytag");
	assert_string_equal(tp_sip_msg_from(again).tag, "abc");
	assert_int_equal(tp_sip_msg_method(again), TP_SIP_INVITE);
	assert_string_equal(tp_sip_msg_reason(again), "Ringing");
	assert_non_null(strstr(text, "Content-Length: 0\r\n\r\n"));
	free(text);
	tp_sip_msg_free(&again);
	tp_sip_msg_free(&r);
	assert_int_equal(tp_sip_msg_new_response(m, 100, NULL, "mytag", &r), TP_OK);
	assert_string_equal(tp_sip_msg_to(r).tag, "");
	tp_sip_msg_free(&r);
	assert_int_equal(tp_sip_msg_new_response(m, 404, "Nobody here", "mytag", &r), TP_OK);
	assert_holds(r, "SIP/2.0 404 Nobody here\r\nVia: ");
	assert_int_equal(tp_sip_msg_route_count(r, TP_SIP_RECORD_ROUTE), 0);
	tp_sip_msg_free(&r);
	assert_int_equal(tp_sip_msg_new_response(m, 404, "No\r\nX: y", NULL, &r), TP_FORMAT);
	tp_sip_msg_free(&m);
}

static void requests_are_built(void **state)
{
	const struct tp_sip_request what = {
		.method = TP_SIP_OPTIONS,
		.uri = "sip:peer.example:5061;transport=tls",
		.from = "<sip:us@example.com>;tag=x1",
		.to = "<sip:peer.example>",
		.call_id = "call1",
		.cseq = 7,
	};
	struct tp_sip_msg *m;
	struct tp_sip_msg *again;
	char *text;

	(void)state;
	assert_int_equal(tp_sip_msg_new_request(&what, &m), TP_OK);
	assert_int_equal(tp_sip_msg_push_via(m, TP_TRANSPORT_TLS, "192.0.2.3", 0, "z9hG4bKq"), TP_OK);
	assert_int_equal(tp_sip_msg_set_contact(m, "<sip:us@192.0.2.3>"), TP_OK);
	assert_int_equal(tp_sip_msg_set_body(m, "text/plain", "hi", 2), TP_OK);
	text = write_text(m);
	assert_int_equal(strncmp(text, "OPTIONS sip:peer.example:5061;transport=tls SIP/2.0\r\nVia: ", 57), 0);
	again = parse(text);
	assert_int_equal(tp_sip_msg_max_forwards(again), 70);
	assert_int_equal(tp_sip_msg_cseq(again), 7);
	assert_int_equal(tp_sip_msg_body(again).len, 2);
	free(text);
	tp_sip_msg_free(&again);
	tp_sip_msg_free(&m);
}

static void cancel_and_ack_follow_the_invite(void **state)
{
	struct tp_sip_msg *m = parse(invite);
	struct tp_sip_msg *cancel;
	struct tp_sip_msg *busy;
	struct tp_sip_msg *ack;
	struct tp_sip_via v;

	(void)state;
	assert_int_equal(tp_sip_msg_new_cancel(m, &cancel), TP_OK);
	assert_int_equal(tp_sip_msg_via_count(cancel), 1);
	assert_true(tp_sip_msg_via(cancel, 0, &v));
	assert_string_equal(v.branch, "z9hG4bK1");
	assert_int_equal(tp_sip_msg_cseq(cancel), 42);
	assert_int_equal(tp_sip_msg_method(cancel), TP_SIP_CANCEL);
	assert_int_equal(tp_sip_msg_route_count(cancel, TP_SIP_ROUTE), 2);
	assert_holds(cancel, "CANCEL sip:bob%20b@[2001:db8::9]:5070;");
	assert_holds(cancel, "CSeq: 42 CANCEL\r\n");
	tp_sip_msg_free(&cancel);
	assert_int_equal(tp_sip_msg_new_response(m, 486, NULL, "theirs", &busy), TP_OK);
	assert_int_equal(tp_sip_msg_new_ack(m, busy, &ack), TP_OK);
	assert_string_equal(tp_sip_msg_to(ack).tag, "theirs");
	assert_int_equal(tp_sip_msg_method(ack), TP_SIP_ACK);
	assert_int_equal(tp_sip_msg_via_count(ack), 1);
	assert_holds(ack, "CSeq: 42 ACK\r\n");
	tp_sip_msg_free(&ack);
	tp_sip_msg_free(&busy);
	tp_sip_msg_free(&m);
}

static void clones_are_independent(void **state)
{
	struct tp_sip_msg *m = parse(invite);
	struct tp_sip_msg *copy;
	char *text;

	(void)state;
	assert_int_equal(tp_sip_msg_clone(m, &copy), TP_OK);
	assert_int_equal(tp_sip_msg_hop(m, 3), TP_OK);
	tp_sip_msg_free(&m);
	text = write_text(copy);
	assert_string_equal(text, invite);
	free(text);
	tp_sip_msg_free(&copy);
}

static void ids_do_not_repeat(void **state)
{
	struct tp_sip_ids ids;
	struct tp_sip_ids others;
	char a[TP_SIP_ID_TEXT];
	char b[TP_SIP_ID_TEXT];

	(void)state;
	tp_sip_ids_init(&ids);
	tp_sip_ids_init(&others);
	assert_string_not_equal(tp_sip_ids_branch(&ids, a), tp_sip_ids_branch(&ids, b));
	assert_int_equal(strncmp(a, "z9hG4bK", 7), 0);
	assert_int_equal(strlen(a), 39);
	assert_string_not_equal(tp_sip_ids_tag(&ids, a), tp_sip_ids_tag(&others, b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_read),
		cmocka_unit_test(untouched_bytes_stay),
		cmocka_unit_test(a_proxy_edits),
		cmocka_unit_test(headers_are_removed_however_written),
		cmocka_unit_test(responses_are_built),
		cmocka_unit_test(requests_are_built),
		cmocka_unit_test(cancel_and_ack_follow_the_invite),
		cmocka_unit_test(clones_are_independent),
		cmocka_unit_test(ids_do_not_repeat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

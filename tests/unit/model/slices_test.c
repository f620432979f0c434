/* model/make_slices: what each process reads out of its slice is what was configured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/messages.h"
#include "model/make_slices.h"
#include "model/slice.h"

static const char configuration[] =
	"{\"turnpike-system:system\":{\"host-name\":\"edge.example.com\",\"network\":["
	"{\"name\":\"lan\",\"address\":\"192.0.2.1\"},"
	"{\"name\":\"dmz\",\"address\":\"2001:db8::1\",\"advertised-address\":\"2001:db8::99\"}],"
	"\"web\":{\"port\":8443,\"session-idle\":10}},"
	"\"turnpike-tls:tls\":{\"identity\":{\"certificate\":"
	"\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END "
	"CERTIFICATE-----\\n\",\"private-key\":\"$tp1$KEY=\"},"
	"\"identities\":{\"identity\":["
	"{\"id\":\"sip-client\",\"certificate\":\"-----BEGIN CERTIFICATE-----\\nEEEE\\n-----END "
	"CERTIFICATE-----\\n\",\"private-key\":\"$tp1$CLIENT\"},"
	"{\"id\":\"web-server\",\"certificate\":\"-----BEGIN CERTIFICATE-----\\nFFFF\\n-----END "
	"CERTIFICATE-----\\n\",\"private-key\":\"$tp1$WEB\"}]},"
	"\"trusted-ca\":[{\"name\":\"a\",\"certificate\":\"-----BEGIN "
	"CERTIFICATE-----\\nBBBB\\n-----END CERTIFICATE-----\"},"
	"{\"name\":\"b\",\"certificate\":\"-----BEGIN CERTIFICATE-----\\nCCCC\\n-----END "
	"CERTIFICATE-----\",\"use\":[\"traversal\"]},"
	"{\"name\":\"c\",\"certificate\":\"-----BEGIN CERTIFICATE-----\\nDDDD\\n-----END "
	"CERTIFICATE-----\",\"use\":[\"sip\",\"traversal\"]}]},"
	"\"turnpike-sip:sip\":{\"udp\":{\"enabled\":true},\"registrar\":{\"domain\":[\"example."
	"com\"],"
	"\"account\":[{\"name\":\"a$b\",\"password\":\"$tp1$ALICE\",\"media-encryption\":\"force-"
	"encrypted\"}]}},"
	"\"turnpike-zone:zones\":{\"zone\":["
	"{\"name\":\"core\",\"type\":\"traversal-server\",\"listen-port\":7002,\"network\":\"dmz\","
	"\"verify-name\":\"core.example.com\",\"user\":\"u\",\"password\":\"$tp1$ZONE\"},"
	"{\"name\":\"pbx\",\"type\":\"neighbor\",\"transport\":\"tcp\",\"media-encryption\":\"best-"
	"effort\","
	"\"peer\":[{\"address\":\"pbx.example.com\"},{\"address\":\"192.0.2.9\",\"port\":5070}]}]},"
	"\"turnpike-search:search\":{\"rule\":["
	"{\"name\":\"z\",\"priority\":10,\"target\":\"registrations\",\"on-match\":\"stop\"},"
	"{\"name\":\"b\",\"target\":\"zone\",\"target-zone\":\"pbx\",\"source\":\"zone\",\"source-"
	"zone\":\"core\"},"
	"{\"name\":\"a\",\"match\":\"prefix\",\"pattern\":\"9\",\"behavior\":\"strip\",\"target\":"
	"\"registrations\"}]},"
	"\"turnpike-media:media\":{\"dscp\":34},"
	"\"turnpike-log:log\":{\"network\":{\"enabled\":false,\"size\":5}},"
	"\"turnpike-access:access\":{\"password-policy\":{\"minimum-length\":15,\"minimum-digits\":2}}}";

static struct tp_slice_fds make(const char *json)
{
	static struct tp_model_errors errors;
	struct tp_slice_fds fds = {-1, -1, -1};
	struct tp_diag diag = {0};
	struct tp_model *model;
	struct tp_tree *tree;

	memset(&errors, 0, sizeof(errors));
	assert_int_equal(tp_model_new(&model, &diag), TP_OK);
	if (tp_tree_parse(model, json, strlen(json), &tree, &errors) != TP_OK ||
	    tp_tree_validate(tree, &errors) != TP_OK)
		fail_msg("%s: %s", errors.list[0].path, errors.list[0].text);
	assert_int_equal(tp_tree_make_slices(tree, 42, &fds, &diag), TP_OK);
	tp_tree_free(&tree);
	tp_model_free(&model);
	return fds;
}

static struct tp_slice *open_slice(int fd)
{
	struct tp_slice *slice = NULL;
	struct tp_diag diag = {0};

	if (tp_slice_open(fd, &slice, &diag) != TP_OK)
		fail_msg("%s", diag.text);
	assert_int_equal(slice->revision, 42);
	close(fd);
	return slice;
}

static void expect_secret(const struct tp_slice *slice, uint16_t number, const char *text)
{
	const struct tp_secret *s = tp_slice_secret(slice, number);

	assert_non_null(s);
	assert_int_equal(s->len, strlen(text));
	assert_memory_equal(s->bytes, text, s->len);
}

static void expect_addr(struct tp_addr addr, const char *text)
{
	char buf[TP_ADDR_TEXT];

	assert_string_equal(tp_addr_write(&addr, buf), text);
}

static bool holds(const uint8_t *pem, size_t len, const char *text)
{
	return memmem(pem, len, text, strlen(text)) != NULL;
}

static void check_admin(int fd)
{
	struct tp_slice *slice = open_slice(fd);
	struct tp_cfg_admin a;

	assert_int_equal(slice->process, TP_PROCESS_ADMIN);
	assert_int_equal(tp_cfg_admin_read(&slice->body, &a), TP_OK);
	assert_int_equal(tp_rd_finish(&slice->body), TP_OK);
	assert_string_equal(a.host_name, "edge.example.com");
	assert_true(a.set_up);
	assert_int_equal(a.web_listeners_count, 2);
	assert_string_equal(a.web_listeners[1].host, "2001:db8::1");
	assert_int_equal(a.web_listeners[1].port, 8443);
	assert_int_equal(a.session_idle_s, 600);
	assert_int_equal(a.logs_count, 1);
	assert_int_equal(a.logs[0].warning_percent, 75);
	assert_int_equal(a.logs[0].audit_mb, 256);
	assert_int_equal(a.logs[0].network, 0);
	assert_int_equal(a.logs[0].network_mb, 5);
	assert_int_equal(a.password_policy_count, 1);
	assert_int_equal(a.password_policy[0].length, 15);
	assert_int_equal(a.password_policy[0].digits, 2);
	assert_int_equal(a.password_policy[0].history, 5);
	assert_int_equal(a.card_login_count, 1);
	assert_int_equal(a.card_login[0].level, 0);
	assert_string_equal(a.card_login[0].pattern, "/Subject:.*CN=(?<Group1>.*)/m");
	assert_string_equal(a.card_login[0].format, "#Group1#");
	assert_true(a.card_login[0].crls);
	/* Only those that are chosen for it. */
	assert_int_equal(a.card_login[0].trusted_pem_len, 0);
	expect_secret(slice, a.key_secret, "$tp1$WEB");
	assert_true(holds(a.certificate_pem, a.certificate_pem_len, "FFFF"));
	assert_int_equal(slice->secret_count, 1); /* no password of a zone, no other's key gets here */
	tp_cfg_admin_fini(&a);
	tp_slice_close(&slice);
}

static void check_zones_and_rules(const struct tp_slice *slice, const struct tp_cfg_sip *s)
{
	const struct tp_cfg_zone *core = &s->zones[0];
	const struct tp_cfg_zone *pbx = &s->zones[1];

	assert_int_equal(s->zones_count, 2);
	assert_int_equal(core->type, TP_ZONE_TRAVERSAL_SERVER);
	expect_addr(core->listen, "[2001:db8::1]:7002");
	assert_string_equal(core->verify_name, "core.example.com");
	expect_secret(slice, core->password_secret, "$tp1$ZONE");
	assert_int_equal(core->hop_count, 15);
	assert_int_equal(core->keepalive_s, 20);
	assert_true(core->tls_verify);
	assert_int_equal(pbx->type, TP_ZONE_NEIGHBOR);
	assert_int_equal(pbx->transport, TP_TRANSPORT_TCP);
	assert_int_equal(pbx->encryption, TP_ENCRYPTION_BEST_EFFORT);
	assert_int_equal(pbx->peers_count, 2);
	assert_int_equal(pbx->peers[0].port, 5060);
	assert_int_equal(pbx->peers[1].port, 5070);
	assert_int_equal(pbx->password_secret, 0);
	assert_true(pbx->monitor);

	assert_int_equal(s->rules_count, 3);
	assert_string_equal(s->rules[0].name, "z");
	assert_true(s->rules[0].stop);
	assert_string_equal(s->rules[1].name, "a"); /* equal priority: by name */
	assert_int_equal(s->rules[1].match, TP_RULE_PREFIX);
	assert_int_equal(s->rules[1].behavior, 1);
	assert_int_equal(s->rules[2].priority, 100);
	assert_int_equal(s->rules[2].source, 1);
	assert_int_equal(s->rules[2].source_zone, core->id);
	assert_int_equal(s->rules[2].target, 1);
	assert_int_equal(s->rules[2].target_zone, pbx->id);
}

/* Each side shows its own certificate where it has one, else the one that all share. */
static void check_identities(const struct tp_slice *slice, const struct tp_cfg_sip *s)
{
	assert_int_equal(s->identities_count, TP_SIP_IDENTITIES);
	for (size_t i = 0; i < TP_SIP_IDENTITIES; i++) {
		const struct tp_cfg_identity *at = &s->identities[i];
		bool own = i == TP_SIP_IDENTITY_SIP_CLIENT;

		assert_true(holds(at->certificate_pem, at->certificate_pem_len, own ? "EEEE" : "AAAA"));
		expect_secret(slice, at->key_secret, own ? "$tp1$CLIENT" : "$tp1$KEY=");
	}
}

static void check_sip(int fd)
{
	struct tp_slice *slice = open_slice(fd);
	struct tp_cfg_sip *s = calloc(1, sizeof(*s));

	assert_int_equal(slice->process, TP_PROCESS_SIP);
	assert_int_equal(tp_cfg_sip_read(&slice->body, s), TP_OK);
	assert_int_equal(tp_rd_finish(&slice->body), TP_OK);
	assert_int_equal(s->listeners_count, 4); /* two addresses, UDP and TLS */
	assert_int_equal(s->listeners[0].transport, TP_TRANSPORT_UDP);
	expect_addr(s->listeners[0].address, "192.0.2.1:5060");
	assert_int_equal(s->listeners[3].transport, TP_TRANSPORT_TLS);
	expect_addr(s->listeners[3].address, "[2001:db8::1]:5061");
	assert_string_equal(s->listeners[3].network, "dmz");
	assert_false(tp_addr_is_set(&s->networks[0].advertised));
	expect_addr(s->networks[1].advertised, "[2001:db8::99]:0");
	assert_true(holds(s->trusted_pem, s->trusted_pem_len, "BBBB")); /* for all: none chosen */
	assert_false(holds(s->trusted_pem, s->trusted_pem_len, "CCCC"));
	assert_true(holds(s->trusted_pem, s->trusted_pem_len, "DDDD"));
	assert_true(holds(s->link_trusted_pem, s->link_trusted_pem_len, "BBBB"));
	assert_true(holds(s->link_trusted_pem, s->link_trusted_pem_len, "CCCC"));
	assert_true(holds(s->link_trusted_pem, s->link_trusted_pem_len, "DDDD"));
	check_identities(slice, s);
	check_zones_and_rules(slice, s);
	assert_string_equal(s->domains[0].value, "example.com");
	assert_string_equal(s->accounts[0].name, "a$b");
	assert_int_equal(s->accounts[0].encryption, TP_ENCRYPTION_FORCE_ENCRYPTED);
	expect_secret(slice, s->accounts[0].password_secret, "$tp1$ALICE");
	assert_int_equal(s->calls_max, 500);
	assert_int_equal(s->hop_rtp_port, 36000);
	tp_cfg_sip_fini(s);
	free(s);
	tp_slice_close(&slice);
}

static void check_media(int fd)
{
	struct tp_slice *slice = open_slice(fd);
	struct tp_cfg_media m;

	assert_int_equal(slice->process, TP_PROCESS_MEDIA);
	assert_int_equal(tp_cfg_media_read(&slice->body, &m), TP_OK);
	assert_int_equal(tp_rd_finish(&slice->body), TP_OK);
	assert_int_equal(m.port_first, 36002);
	assert_int_equal(m.port_last, 59999);
	assert_int_equal(m.hop_rtcp_port, 36001);
	assert_int_equal(m.networks_count, 2);
	assert_int_equal(m.dscp, 34);
	assert_int_equal(slice->secret_count, 0);
	tp_cfg_media_fini(&m);
	tp_slice_close(&slice);
}

static void each_process_reads_its_part(void **state)
{
	struct tp_slice_fds fds = make(configuration);

	(void)state;
	check_admin(fds.admin);
	check_sip(fds.sip);
	check_media(fds.media);
}

static void factory_configuration_has_no_listeners(void **state)
{
	struct tp_slice_fds fds = make("{\"turnpike-system:system\":{\"host-name\":\"new\"}}");
	struct tp_slice *slice = open_slice(fds.admin);
	struct tp_cfg_admin a;

	(void)state;
	assert_int_equal(tp_cfg_admin_read(&slice->body, &a), TP_OK);
	assert_false(a.set_up);
	assert_int_equal(a.web_listeners_count, 0);
	assert_int_equal(a.key_secret, 0);
	tp_cfg_admin_fini(&a);
	tp_slice_close(&slice);
	close(fds.sip);
	close(fds.media);
}

/* 40 entries of 30 000 bytes: each is within the model, all together are too much. */
static void too_many_authorities_are_refused_with_words(void **state)
{
	static struct tp_model_errors errors;
	struct tp_slice_fds fds = {-1, -1, -1};
	struct tp_diag diag = {0};
	struct tp_model *model;
	struct tp_tree *tree;
	char *json = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&json, &len);

	(void)state;
	fputs("{\"turnpike-tls:tls\":{\"trusted-ca\":[", f);
	for (int i = 0; i < 40; i++)
		fprintf(f, "%s{\"name\":\"ca-%d\",\"certificate\":\"-----BEGIN CERTIFICATE-----%030000d"
			   "-----END CERTIFICATE-----\"}", i ? "," : "", i, 0);
	fputs("]}}", f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(tp_model_new(&model, &diag), TP_OK);
	assert_int_equal(tp_tree_parse(model, json, len, &tree, &errors), TP_OK);
	assert_int_equal(tp_tree_make_slices(tree, 42, &fds, &diag), TP_LIMIT);
	assert_string_equal(diag.where, "/turnpike-tls:tls/trusted-ca");
	assert_non_null(strstr(diag.text, "1 MiB"));
	tp_tree_free(&tree);
	tp_model_free(&model);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_process_reads_its_part),
		cmocka_unit_test(factory_configuration_has_no_listeners),
		cmocka_unit_test(too_many_authorities_are_refused_with_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

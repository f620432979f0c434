/* Registration of a phone: challenge, refresh, again after a lost connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phone.h"
#include "text.h"

enum { REGISTER_AGAIN_MS = 1000, REGISTER_ANSWER_MS = 4000 };

static void send_register(struct phone *p, uint32_t expires)
{
	char buf[4096];
	struct text t = { buf, 0, sizeof(buf) };
	const char *open = p->v6 ? "[" : "", *close = p->v6 ? "]" : "";
	p->register_cseq++;
	text_add(&t, "REGISTER sip:%s SIP/2.0\r\n", p->spec.domain);
	text_add(&t, "Via: SIP/2.0/%s %s%s%s:%u;branch=z9hG4bK-r-%u-%lx;rport\r\n",
		 wire_name(p->spec.transport), open, p->address, close, p->wire.local_port,
		 p->register_cseq, (unsigned long)random());
	text_add(&t, "Max-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=%s\r\nTo: <sip:%s@%s>\r\n", p->spec.user,
		 p->spec.domain, p->register_tag, p->spec.user, p->spec.domain);
	text_add(&t, "Call-ID: %s\r\nCSeq: %u REGISTER\r\n", p->register_call_id, p->register_cseq);
	text_add(&t, "Contact: <sip:%s@%s%s%s:%u;transport=%s>\r\nExpires: %u\r\n", p->spec.user, open,
		 p->address, close, p->wire.local_port,
		 p->spec.transport == WIRE_UDP ? "udp" : p->spec.transport == WIRE_TCP ? "tcp" : "tls",
		 expires);
	text_add(&t, "%sUser-Agent: tp-phone\r\nContent-Length: 0\r\n\r\n", p->authorization);
	p->register_timeout = p->app->now + REGISTER_ANSWER_MS * NS_PER_MS;
	p->register_due = p->app->now + REGISTER_AGAIN_MS * NS_PER_MS;
	wire_send(p, buf, t.len);
}

void phone_register(struct phone *p, uint32_t expires)
{
	p->leaving = expires == 0;
	if (!p->register_call_id[0]) {
		snprintf(p->register_call_id, sizeof(p->register_call_id), "r-%s-%lx", p->spec.name,
			 (unsigned long)random());
		snprintf(p->register_tag, sizeof(p->register_tag), "r%lx", (unsigned long)random());
	}
	p->authorization[0] = 0;
	p->challenged = false;
	send_register(p, expires);
}

void phone_on_register_answer(struct phone *p, const char *msg, unsigned status)
{
	char uri[160], cseq[64], contact[512], expires[16];
	if (!text_header(msg, "CSeq", 0, cseq, sizeof(cseq)) ||
	    strtoul(cseq, NULL, 10) != p->register_cseq || status < 200)
		return;
	if ((status == 401 || status == 407) && !p->challenged) {
		snprintf(uri, sizeof(uri), "sip:%s", p->spec.domain);
		if (digest_answer(&p->spec, msg, "REGISTER", uri, p->authorization,
				  sizeof(p->authorization))) {
			p->challenged = true;
			send_register(p, p->leaving ? 0 : 3600);
			return;
		}
	}
	if (status / 100 != 2) {
		p->refused = true;
		snprintf(p->trouble, sizeof(p->trouble), "registration refused with %u", status);
		return;
	}
	if (p->leaving) {
		p->registered = false;
		return;
	}
	uint32_t seconds = 3600;
	if (text_header(msg, "Contact", 0, contact, sizeof(contact)) &&
	    text_param(contact, "expires", expires, sizeof(expires)))
		seconds = (uint32_t)strtoul(expires, NULL, 10);
	else if (text_header(msg, "Expires", 0, expires, sizeof(expires)))
		seconds = (uint32_t)strtoul(expires, NULL, 10);
	p->registered = true;
	p->registrations++;
	p->trouble[0] = 0;
	p->register_due = p->app->now + (uint64_t)(seconds < 2 ? 1 : seconds / 2) * NS_PER_S;
}

void phone_tick(struct phone *p)
{
	wire_tick(p);
	if (p->spec.registers && p->wire.state == WIRE_OPEN && p->register_due &&
	    p->app->now >= p->register_due && !p->app->stopping)
		phone_register(p, 3600);
}

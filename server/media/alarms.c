/* What an administrator should know of media before callers tell him. Runs in
 * turnpike-media. */
#include "media/alarms.h"

#include <stdio.h>

#include "media/link.h"

/* Free pairs in a hundred: below the first it is told, from the second it is over. */
enum { SHORT_BELOW = 10, ENOUGH_FROM = 20 };

static void tell(struct tp_media *m, enum tp_media_alarm code, bool raised, const char *subject,
		 const char *text, const char *remedy)
{
	struct tp_msg_alarm msg = { .code = code, .raised = raised, .severity = 2 };

	if (!m->admin)
		return;
	tp_text_copy(msg.subject, sizeof(msg.subject), subject);
	tp_text_copy(msg.text, sizeof(msg.text), text);
	tp_text_copy(msg.remedy, sizeof(msg.remedy), remedy);
	tp_text_make_printable(msg.text);
	(void)TP_CHANNEL_SEND(m->admin, alarm, 0, &msg);
}

static void tell_ports(struct tp_media *m)
{
	struct tp_ports_count c = tp_ports_count(m->ports, tp_loop_now_ms(m->loop));
	char text[256];

	snprintf(text, sizeof(text),
		 "Of %u media port pairs %u are in use and %u rest after a call: few are left for "
		 "new calls.",
		 c.total, c.used, c.resting);
	tell(m, TP_MEDIA_ALARM_PORTS_SHORT, m->ports_short, "media ports", text,
	     "Widen the media port range here and on the firewalls, or allow fewer calls.");
}

static void look_at_ports(struct tp_media *m)
{
	struct tp_ports_count c = tp_ports_count(m->ports, tp_loop_now_ms(m->loop));
	uint64_t taken = (uint64_t)c.used + c.resting;
	uint64_t free = c.total > taken ? c.total - taken : 0;
	bool is_short = c.total && free * 100 < (uint64_t)c.total * (m->ports_short ? ENOUGH_FROM :
										      SHORT_BELOW);

	if (is_short == m->ports_short)
		return;
	m->ports_short = is_short;
	tell_ports(m);
}

static void tell_link(struct tp_link *l)
{
	char text[384], address[TP_ADDR_TEXT];

	snprintf(text, sizeof(text),
		 "The media ports of zone '%s' cannot be opened at %s: no call of this zone has sound.",
		 l->name, tp_addr_write(&l->local, address));
	tell(l->media, TP_MEDIA_ALARM_HOP_PORTS, l->alarmed, l->name, text,
	     "Look whether the address belongs to this appliance and whether another program uses "
	     "the ports.");
}

void tp_alarms_tick(struct tp_media *m)
{
	struct tp_list *it, *next;

	look_at_ports(m);
	TP_LIST_EACH(it, next, &m->links) {
		struct tp_link *l = TP_CONTAINER(it, struct tp_link, link);

		if (l->alarmed == !l->hop_pair)
			continue;
		l->alarmed = !l->hop_pair;
		tell_link(l);
	}
}

void tp_alarms_tell_again(struct tp_media *m)
{
	struct tp_list *it, *next;

	tell_ports(m);
	TP_LIST_EACH(it, next, &m->links)
		tell_link(TP_CONTAINER(it, struct tp_link, link));
}

void tp_alarms_forget_link(struct tp_link *l)
{
	if (!l->alarmed)
		return;
	l->alarmed = false;
	tell_link(l);
}

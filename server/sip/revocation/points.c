/* Lists at the distribution points that certificates name: which are on their way, and in
 * which slots of the set they are held. Runs in turnpike-sip. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/log.h"
#include "os/memfd.h"
#include "sip/revocation/internal.h"
#include "tls/crl_index.h"

/* ---------------------------------------------------------------------- downloads */

static void end_download(struct download *d)
{
	tp_list_remove(&d->link);
	d->sip->revocation->download_count--;
	tp_timer_stop(d->sip->loop, &d->timer);
	free(d->issuer_pem);
	free(d);
}

void tp_sip_revocation_drop_downloads(struct tp_sip *sip)
{
	struct tp_list *it;

	while ((it = tp_list_first(&sip->revocation->downloads)))
		end_download(TP_CONTAINER(it, struct download, link));
}

static bool has_turn(const struct tp_sip_revocation *r, const struct download *d)
{
	size_t len = tp_sip_revocation_host_length(d->url), asked = 0, of_it = 0;

	for (const struct tp_list *it = r->downloads.next; it != &r->downloads; it = it->next) {
		const struct download *other = TP_CONTAINER(it, struct download, link);

		if (!other->request)
			continue;
		asked++;
		if (tp_sip_revocation_host_length(other->url) == len && strncasecmp(other->url, d->url, len) == 0)
			of_it++;
	}
	return asked < TP_SIP_DOWNLOADS_ASKED_MAX && of_it < TP_SIP_DOWNLOADS_ONE_MAX;
}

static enum tp_err send_download(struct download *d)
{
	struct tp_channel *sup = tp_child_supervisor(d->sip->child);
	struct tp_msg_point_read_ask m;
	uint32_t request;
	int issuer = -1;
	enum tp_err err;

	if (!sup)
		return TP_CLOSED;
	err = tp_memfd_sealed("issuer", d->issuer_pem, d->issuer_len, &issuer);
	if (err != TP_OK)
		return err;
	tp_text_copy(m.url, sizeof(m.url), d->url);
	request = tp_channel_next_request(sup);
	err = TP_CHANNEL_SEND_FDS(sup, point_read_ask, request, &m, &issuer, 1);
	close(issuer);
	if (err == TP_OK)
		d->request = request;
	return err;
}

/* One that cannot be sent is told of by its timer. */
static void send_waiting(struct tp_sip *sip)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sip->revocation->downloads) {
		struct download *d = TP_CONTAINER(it, struct download, link);

		if (!d->request && has_turn(sip->revocation, d) && send_download(d) != TP_OK)
			return;
	}
}

static void finish(struct download *d, const char *text)
{
	struct tp_sip *sip = d->sip;
	char key[sizeof(d->key)];

	tp_text_copy(key, sizeof(key), d->key);
	TP_LOG(TP_LOG_INFO, "revocation.point", "%s: %s", d->url, text[0] ? text : "its list is in use");
	tp_revocation_point_ended(sip->revocation->shared, key, (int64_t)(tp_loop_unix_ms(sip->loop) / 1000));
	end_download(d);
	send_waiting(sip);
	tp_sip_revocation_downloaded(sip, key, text);
}

static void on_late(void *arg)
{
	finish(arg, "no answer in time");
}

static const struct download *find_download(const struct tp_sip_revocation *r, const char *key)
{
	for (const struct tp_list *it = r->downloads.next; it != &r->downloads; it = it->next) {
		const struct download *d = TP_CONTAINER(it, struct download, link);

		if (strcmp(d->key, key) == 0)
			return d;
	}
	return NULL;
}

enum tp_err tp_sip_revocation_download(struct tp_sip *sip, const struct tp_revocation_chain *chain, size_t n)
{
	struct tp_sip_revocation *r = sip->revocation;
	struct download *d;
	enum tp_err err;

	if (find_download(r, tp_revocation_chain_point_key(chain, n)))
		return TP_OK;
	if (r->download_count >= TP_SIP_DOWNLOADS_MAX)
		return TP_LIMIT;
	d = calloc(1, sizeof(*d));
	if (!d)
		return TP_NOMEM;
	d->sip = sip;
	tp_text_copy(d->url, sizeof(d->url), tp_revocation_chain_point(chain, n));
	tp_text_copy(d->key, sizeof(d->key), tp_revocation_chain_point_key(chain, n));
	tp_list_append(&r->downloads, &d->link);
	r->download_count++;
	err = tp_revocation_chain_point_issuer(chain, n, &d->issuer_pem, &d->issuer_len);
	if (err == TP_OK)
		err = tp_timer_start(sip->loop, &d->timer, TP_SIP_DOWNLOAD_MS, on_late, d);
	if (err == TP_OK && has_turn(r, d))
		err = send_download(d);
	if (err != TP_OK)
		end_download(d);
	return err;
}

/* --------------------------------------------------------------------------- slots */

struct held {
	struct tp_crl_about about;
	struct tp_crl_list list; /* the first of it */
	size_t count;
};

static bool read_slot(const struct tp_sip *sip, unsigned slot, struct held *out)
{
	return tp_crl_set_about(sip->crls, slot, &out->about, &out->list, 1, &out->count);
}

/* The point's own slot, else a free one, else that of the list that came longest ago. */
static unsigned slot_for(const struct tp_sip *sip, const char *url, struct held *h)
{
	unsigned slot = TP_SIP_POINTS_FIRST_SLOT;
	int64_t oldest = INT64_MAX;

	for (unsigned i = 0; i < TP_SIP_POINTS_SLOTS; i++) {
		unsigned at = TP_SIP_POINTS_FIRST_SLOT + i;
		int64_t made_at = -1;

		if (read_slot(sip, at, h)) {
			if (strcmp(h->about.origin, url) == 0)
				return at;
			made_at = h->about.made_at;
		}
		if (made_at < oldest) {
			oldest = made_at;
			slot = at;
		}
	}
	return slot;
}

/* Whoever is between us and the point may hand out an old list that has not run out. */
static bool is_older(int fd, const struct held *present)
{
	struct tp_crl_index *x = NULL;
	struct tp_crl_list fresh;

	if (tp_crl_index_open(fd, &x) != TP_OK)
		return false; /* putting it into its slot will say why */
	tp_crl_index_list(x, 0, &fresh);
	tp_crl_index_close(&x);
	return fresh.this_update < present->list.this_update;
}

static const char *put_list(struct tp_sip *sip, const char *url, int fd)
{
	struct held *h = calloc(1, sizeof(*h));
	const char *text = "";
	unsigned slot;

	if (!h)
		return "out of memory";
	slot = slot_for(sip, url, h);
	if (read_slot(sip, slot, h) && strcmp(h->about.origin, url) == 0 && is_older(fd, h))
		text = "its list is older than the one in use";
	else if (tp_crl_set_put(sip->crls, slot, fd) != TP_OK)
		text = "its list cannot be used";
	free(h);
	return text;
}

void tp_sip_revocation_drop_points(struct tp_sip *sip)
{
	for (unsigned i = 0; i < TP_SIP_POINTS_SLOTS; i++)
		if (tp_crl_set_put(sip->crls, TP_SIP_POINTS_FIRST_SLOT + i, -1) != TP_OK)
			TP_LOG(TP_LOG_ERROR, "revocation.point", "slot %u is not emptied", i);
}

/* ----------------------------------------------------------------------- the answer */

enum tp_err tp_sip_revocation_point_read(struct tp_sip *sip, struct tp_frame *frame)
{
	struct tp_list *it, *next;
	struct download *found = NULL;
	struct tp_msg_point_read m;
	enum tp_err err = tp_msg_point_read_read(&frame->body, &m);

	if (err != TP_OK)
		return err;
	TP_LIST_EACH(it, next, &sip->revocation->downloads) {
		struct download *d = TP_CONTAINER(it, struct download, link);

		if (frame->request && d->request == frame->request)
			found = d;
	}
	if (!found)
		return TP_OK; /* given up meanwhile */
	if (m.err != TP_OK)
		finish(found, m.text[0] ? m.text : "it cannot be downloaded");
	else if (!tp_revocation_policy(sip->revocation->shared)->use_points)
		finish(found, "downloads are switched off");
	else
		finish(found, put_list(sip, found->url, frame->fd_count ? frame->fds[0] : -1));
	return TP_OK;
}

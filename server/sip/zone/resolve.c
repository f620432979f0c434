/* A thread that calls getaddrinfo for the loop. Runs in turnpike-sip. */
#include "sip/zone/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "os/sockaddr.h"

struct job {
	char host[TP_RESOLVE_HOST_MAX + 1];
	enum { FREE, ASKED, WORKING, DONE } state;
	struct tp_addr address;
	const char *reason;
};

struct tp_resolver {
	struct tp_loop *loop;
	tp_resolved on_resolved;
	void *arg;
	pthread_t thread;
	pthread_mutex_t lock; /* over everything below; the thread touches nothing else */
	pthread_cond_t more;
	bool stop;
	struct job jobs[TP_RESOLVE_QUEUE_MAX];
};

static void look_up(struct job *job)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list = NULL;
	struct sockaddr_storage sa;
	int code = getaddrinfo(job->host, NULL, &hints, &list);

	memset(&job->address, 0, sizeof(job->address));
	job->reason = code ? gai_strerror(code) : "no usable address";
	for (struct addrinfo *it = list; it && !tp_addr_is_set(&job->address); it = it->ai_next) {
		if (it->ai_addrlen > sizeof(sa))
			continue;
		memset(&sa, 0, sizeof(sa));
		memcpy(&sa, it->ai_addr, it->ai_addrlen);
		if (tp_sockaddr_to(&sa, it->ai_addrlen, &job->address) != TP_OK)
			memset(&job->address, 0, sizeof(job->address));
	}
	if (list)
		freeaddrinfo(list);
}

static struct job *find(struct tp_resolver *r, int state)
{
	for (size_t i = 0; i < TP_RESOLVE_QUEUE_MAX; i++)
		if ((int)r->jobs[i].state == state)
			return &r->jobs[i];
	return NULL;
}

static void *work(void *arg)
{
	struct tp_resolver *r = arg;
	struct job copy, *job;

	pthread_mutex_lock(&r->lock);
	while (!r->stop) {
		job = find(r, ASKED);
		if (!job) {
			pthread_cond_wait(&r->more, &r->lock);
			continue;
		}
		job->state = WORKING;
		copy = *job;
		pthread_mutex_unlock(&r->lock);
		look_up(&copy);
		pthread_mutex_lock(&r->lock);
		job->address = copy.address;
		job->reason = copy.reason;
		job->state = DONE;
		tp_loop_wake(r->loop);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

static void on_wake(void *arg)
{
	struct tp_resolver *r = arg;
	struct job copy, *job;

	for (;;) {
		pthread_mutex_lock(&r->lock);
		job = find(r, DONE);
		if (job) {
			copy = *job;
			job->state = FREE;
		}
		pthread_mutex_unlock(&r->lock);
		if (!job)
			return;
		r->on_resolved(r->arg, copy.host, &copy.address, copy.reason);
	}
}

enum tp_err tp_resolver_new(struct tp_loop *loop, tp_resolved on_resolved, void *arg,
			    struct tp_resolver **out)
{
	struct tp_resolver *r = calloc(1, sizeof(*r));

	if (!r)
		return TP_NOMEM;
	r->loop = loop;
	r->on_resolved = on_resolved;
	r->arg = arg;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->more, NULL);
	tp_loop_set_wake(loop, on_wake, r);
	if (pthread_create(&r->thread, NULL, work, r) != 0) {
		free(r);
		return TP_IO;
	}
	*out = r;
	return TP_OK;
}

void tp_resolver_free(struct tp_resolver **resolver)
{
	struct tp_resolver *r = *resolver;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_signal(&r->more);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	tp_loop_set_wake(r->loop, NULL, NULL);
	pthread_cond_destroy(&r->more);
	pthread_mutex_destroy(&r->lock);
	free(r);
	*resolver = NULL;
}

enum tp_err tp_resolver_ask(struct tp_resolver *r, const char *host)
{
	enum tp_err err = TP_OK;
	struct job *job;

	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < TP_RESOLVE_QUEUE_MAX; i++) {
		if (r->jobs[i].state != FREE && strcasecmp(r->jobs[i].host, host) == 0) {
			pthread_mutex_unlock(&r->lock);
			return TP_OK;
		}
	}
	job = find(r, FREE);
	if (job && tp_text_copy(job->host, sizeof(job->host), host)) {
		job->state = ASKED;
		pthread_cond_signal(&r->more);
	} else {
		err = TP_LIMIT;
	}
	pthread_mutex_unlock(&r->lock);
	return err;
}

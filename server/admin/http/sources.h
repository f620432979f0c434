/* How many connections one source may hold, so that nobody occupies all workers: an
 * IPv4 address, or an IPv6 network of 64 bits. Beyond its share a source loses its
 * connection that has been idle for longest. Any thread. Runs in turnpike-admin. */
#ifndef TP_ADMIN_HTTP_SOURCES_H
#define TP_ADMIN_HTTP_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "core/err.h"

struct tp_sources;

/* most: of all sources together; share: of one source. */
TP_NODISCARD enum tp_err tp_sources_new(size_t most, size_t share, struct tp_sources **out);
void tp_sources_free(struct tp_sources **s);

/* A connection was accepted. False: close it. Making room shuts another one of the
 * same source (or, when all are full, of the source with most) down; its worker
 * then ends it. */
bool tp_sources_enter(struct tp_sources *s, const struct sockaddr *remote, int fd);
/* Somebody who is logged in came from there: from now on only connections of its own make
 * way for those of this source. The sources seen last are kept. */
void tp_sources_trust(struct tp_sources *s, int fd);
/* A request is being served, or no longer: a busy connection is not chosen to make
 * room. Not while a stranger takes time to send or to read. */
void tp_sources_busy(struct tp_sources *s, int fd, bool busy);
/* The connection ends; its fd is still open. */
void tp_sources_leave(struct tp_sources *s, int fd);
size_t tp_sources_count(struct tp_sources *s);

#endif

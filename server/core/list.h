/* Intrusive doubly linked list. A zeroed node is "not on a list". */
#ifndef TP_CORE_LIST_H
#define TP_CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct tp_list {
	struct tp_list *next;
	struct tp_list *prev;
};

#define TP_CONTAINER(node, type, member) ((type *)((char *)(node) - offsetof(type, member)))

static inline void tp_list_init(struct tp_list *head)
{
	head->next = head->prev = head;
}

static inline bool tp_list_empty(const struct tp_list *head)
{
	return head->next == head;
}

static inline bool tp_list_linked(const struct tp_list *node)
{
	return node->next != NULL;
}

static inline void tp_list_append(struct tp_list *head, struct tp_list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Taking off a node that is on no list does nothing. */
static inline void tp_list_remove(struct tp_list *node)
{
	if (!node->next)
		return;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = node->prev = NULL;
}

/* First node or NULL. */
static inline struct tp_list *tp_list_first(const struct tp_list *head)
{
	/* The analyzer loses track of nodes that were taken off before they were freed. */
	return head->next == head ? NULL : head->next; /* NOLINT(clang-analyzer-unix.Malloc) */
}

/* Takes the first node off; NULL when there is none. */
static inline struct tp_list *tp_list_pop(struct tp_list *head)
{
	struct tp_list *first = head->next;

	if (first == head)
		return NULL;
	head->next = first->next;
	first->next->prev = head;
	first->next = first->prev = NULL;
	return first;
}

/* Safe against removal of `it` in the body. `next` is a second struct tp_list *. */
#define TP_LIST_EACH(it, next_, head) \
	for ((it) = (head)->next, (next_) = (it)->next; (it) != (head); (it) = (next_), (next_) = (it)->next)

#endif

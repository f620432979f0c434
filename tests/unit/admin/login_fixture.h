/* A store in a folder of its own with the login above it, for one test. Include it behind
 * cmocka.h. */
#ifndef TP_TESTS_ADMIN_LOGIN_FIXTURE_H
#define TP_TESTS_ADMIN_LOGIN_FIXTURE_H

#include "admin/account/login_state.h"
#include "folder.h"

struct login_fixture {
	struct folder folder;
	struct tp_store *store;
	struct tp_login *login;
};

/* helpers may be NULL: then no question is ever answered. */
static inline void login_fixture_make(struct login_fixture *f, const struct tp_auth_helpers *helpers)
{
	struct tp_diag diag = { 0 };

	folder_make(&f->folder);
	assert_int_equal(tp_store_open(f->folder.fd, &f->store, &diag), TP_OK);
	assert_int_equal(tp_login_new(f->store, NULL, helpers, NULL, NULL, &f->login), TP_OK);
}

static inline void login_fixture_remove(struct login_fixture *f)
{
	tp_login_free(&f->login);
	tp_store_close(&f->store);
	folder_remove(&f->folder);
}

#endif

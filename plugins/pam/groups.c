/* Groups of a user, as the name service knows them. Runs in turnpike-pam. */
#include "groups.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = 256 };

bool tp_pam_is_root(const char *user)
{
	/* cppcheck-suppress getpwnamCalled ; this process has one thread */
	const struct passwd *found = getpwnam(user);

	return found && found->pw_uid == 0;
}

enum tp_err tp_pam_groups(const char *user, struct tp_msg_remote_answered *answer)
{
	/* cppcheck-suppress getpwnamCalled ; this process has one thread */
	const struct passwd *found = getpwnam(user);
	gid_t ids[GROUPS_MAX];
	int count = GROUPS_MAX;

	if (!found)
		return TP_NOTFOUND;
	/* Of more than there is room for, the first ones count. */
	if (getgrouplist(user, found->pw_gid, ids, &count) < 0)
		count = GROUPS_MAX;
	answer->groups = calloc((size_t)count, sizeof(*answer->groups));
	if (count && !answer->groups)
		return TP_NOMEM;
	for (int i = 0; i < count; i++) {
		/* cppcheck-suppress getgrgidCalled ; this process has one thread */
		const struct group *group = getgrgid(ids[i]);
		struct tp_msg_remote_group *to = &answer->groups[answer->groups_count];

		if (group && tp_text_copy(to->name, sizeof(to->name), group->gr_name))
			answer->groups_count++;
	}
	return TP_OK;
}

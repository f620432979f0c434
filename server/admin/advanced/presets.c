/* The presets seed and DISA side by side. Runs in turnpike-admin's workers. */
#include "admin/advanced/presets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/config/inside.h"

enum { BODY_MAX = 16384, ROUNDS = 8 };

static const char *const preset_names[TP_PRESETS] = { "seed", "disa" };

static const struct tp_preset_setting settings[] = {
#define TP_PRESET(path_, seed_, disa_, order_, rules_) \
	{ .path = path_, .value = { seed_, disa_ }, .order = TP_PRESET_##order_, .rules = rules_ },
#define TP_PRESET_OWN(path_, rules_, needs_) { .path = path_, .rules = rules_, .needs = needs_ },
#include "admin/advanced/presets.def"
#undef TP_PRESET_OWN
#undef TP_PRESET
#define TP_TLS_SERVICE(id_, name_, label_, server_, client_, advanced_)                               \
	{ .path = "turnpike-tls:tls/service/" name_ "/preset",                                      \
	  .value = { "compatible", "disa" },                                                        \
	  .rules = "V-260039 V-206440" },                                                           \
	{ .path = "turnpike-tls:tls/service/" name_ "/minimum-version",                             \
	  .value = { "1.2", "1.2" },                                                                \
	  .order = TP_PRESET_LEAST,                                                                 \
	  .rules = "V-259995 V-260046 V-206434" },
#include "tls/services.def"
#undef TP_TLS_SERVICE
};
enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

const struct tp_preset_setting *tp_presets(size_t *count)
{
	*count = SETTINGS;
	return settings;
}

/* ------------------------------------------------------------------------- verdicts */

enum tp_preset_verdict tp_preset_judge(const struct tp_preset_setting *s, enum tp_preset preset,
				       const char *present)
{
	const char *wanted = s->value[preset];
	double is, limit;
	bool stricter = false;

	if (!wanted)
		return present ? TP_PRESET_SAME : TP_PRESET_DEVIATES;
	if (!present)
		return TP_PRESET_DEVIATES;
	if (!strcmp(present, wanted))
		return TP_PRESET_SAME;
	/* Numbers, or versions such as 1.2. */
	is = strtod(present, NULL);
	limit = strtod(wanted, NULL);
	if (s->order == TP_PRESET_LEAST)
		stricter = is > limit;
	else if (s->order == TP_PRESET_MOST)
		stricter = is < limit;
	else if (s->order == TP_PRESET_MOST_NOT_ZERO)
		stricter = is > 0 && (is < limit || limit <= 0);
	else if (s->order == TP_PRESET_LEAST_OR_ZERO)
		stricter = is <= 0 || (is > limit && limit > 0);
	return stricter ? TP_PRESET_STRICTER : TP_PRESET_DEVIATES;
}

/* A list that has entries counts as set; its number stands in text. */
static const char *present_value(const struct tp_tree *tree, const struct tp_preset_setting *s, char text[24])
{
	const char *value = tp_tree_value(tree, s->path);
	size_t count = value ? 0 : tp_tree_count(tree, s->path);

	if (value || !count)
		return value;
	snprintf(text, 24, "%zu", count);
	return text;
}

static json_t *rules_json(const char *rules)
{
	struct tp_span rest = tp_span_of(rules);
	json_t *list = json_array();

	while (rest.len) {
		struct tp_span rule = tp_span_split(&rest, ' ');

		json_array_append_new(list, json_stringn(rule.p, rule.len));
	}
	return list;
}

static json_t *setting_json(const struct tp_model *model, const struct tp_preset_setting *s,
			    const struct tp_tree *running, const struct tp_tree *candidate)
{
	char label[TP_MODEL_TEXT_MAX + 1] = "", first[24], second[24];
	const char *now = present_value(running, s, first);
	const char *then = present_value(candidate, s, second);
	json_t *deviates = json_array(), *stricter = json_array();

	for (int p = 0; p < TP_PRESETS; p++) {
		enum tp_preset_verdict v = tp_preset_judge(s, (enum tp_preset)p, now);

		if (v == TP_PRESET_DEVIATES)
			json_array_append_new(deviates, json_string(preset_names[p]));
		else if (v == TP_PRESET_STRICTER)
			json_array_append_new(stricter, json_string(preset_names[p]));
	}
	if (!tp_model_label(model, s->path, label))
		tp_text_copy(label, sizeof(label), s->path);
	return json_pack("{s:s+, s:s, s:s?, s:s?, s:s?, s:s?, s:o, s:o, s:o, s:s?}", "path", "/", s->path, "label",
			 label, "running", now, "candidate", then, "seed", s->value[TP_PRESET_SEED], "disa",
			 s->value[TP_PRESET_DISA], "deviates", deviates, "stricter", stricter, "rules",
			 rules_json(s->rules), "needs", s->needs);
}

json_t *tp_presets_json(const struct tp_model *model, const struct tp_tree *running,
			const struct tp_tree *candidate)
{
	json_t *list = json_array();

	for (size_t i = 0; i < SETTINGS; i++)
		json_array_append_new(list, setting_json(model, &settings[i], running, candidate));
	return list;
}

/* -------------------------------------------------------------------------- filling */

/* One call of tp_presets_fill. */
struct fill {
	const struct tp_model *model;
	struct tp_tree *tree;
	enum tp_preset preset;
	struct tp_model_errors *errors; /* heap: it is big */
	char *before[SETTINGS];         /* of those that were put; "" = was not set */
	json_t *refused;
};

static bool is_named(const json_t *paths, const char *path)
{
	const json_t *one;
	size_t i;

	json_array_foreach(paths, i, one) {
		const char *text = json_string_value(one);

		if (text && text[0] == '/' && !strcmp(text + 1, path))
			return true;
	}
	return false;
}

static bool is_asked_for(const struct tp_preset_setting *s, enum tp_preset preset, const struct tp_tree *tree,
			 const json_t *paths)
{
	enum tp_preset_verdict verdict;

	if (!s->value[preset])
		return false;
	verdict = tp_preset_judge(s, preset, tp_tree_value(tree, s->path));
	return paths ? verdict != TP_PRESET_SAME && is_named(paths, s->path) : verdict == TP_PRESET_DEVIATES;
}

/* No value of the table that is a choice or a text looks like a number or a boolean. */
static json_t *value_json(const char *text)
{
	if (!strcmp(text, "true") || !strcmp(text, "false"))
		return json_boolean(text[0] == 't');
	if (text[strspn(text, "0123456789")] == '\0')
		return json_integer(strtol(text, NULL, 10));
	return json_string(text);
}

static enum tp_err put(struct tp_tree *tree, const char *path, const char *value, struct tp_model_errors *errors)
{
	const char *name = strrchr(path, '/') + 1;
	struct tp_span module = tp_span_of(path);
	json_t *body = json_object();
	char member[128], *text;
	enum tp_err err = TP_NOMEM;

	module = tp_span_split(&module, ':');
	snprintf(member, sizeof(member), "%.*s:%s", (int)module.len, module.p, name);
	json_object_set_new(body, member, value_json(value));
	text = json_dumps(body, JSON_COMPACT);
	if (text)
		err = tp_tree_put(tree, path, text, strlen(text), NULL, NULL, NULL, errors);
	free(text);
	json_decref(body);
	return err;
}

static void refuse(struct fill *f, size_t i, const char *text)
{
	char label[TP_MODEL_TEXT_MAX + 1] = "";

	if (!tp_model_label(f->model, settings[i].path, label))
		tp_text_copy(label, sizeof(label), settings[i].path);
	json_array_append_new(f->refused, json_pack("{s:s+, s:s, s:s, s:s}", "path", "/", settings[i].path,
						    "label", label, "value", settings[i].value[f->preset], "text",
						    text));
}

static enum tp_err put_one(struct fill *f, size_t i)
{
	const char *now = tp_tree_value(f->tree, settings[i].path);
	char *before = strdup(now ? now : "");
	enum tp_err err = before ? TP_OK : TP_NOMEM;

	f->errors->count = 0;
	if (err == TP_OK)
		err = put(f->tree, settings[i].path, settings[i].value[f->preset], f->errors);
	if (err == TP_OK) {
		f->before[i] = before;
		return TP_OK;
	}
	free(before);
	if (err != TP_FORMAT && err != TP_NOTFOUND)
		return err;
	refuse(f, i, f->errors->count ? f->errors->list[0].text : "This value is refused.");
	return TP_OK;
}

static enum tp_err take_back(struct fill *f, size_t i, const char *why)
{
	const char *before = f->before[i];
	enum tp_err err = before[0] ? put(f->tree, settings[i].path, before, f->errors) :
				      tp_tree_delete(f->tree, settings[i].path, f->errors);

	if (err != TP_OK)
		return err;
	free(f->before[i]);
	f->before[i] = NULL;
	refuse(f, i, why);
	return TP_OK;
}

/* Whether an error at `where` is one of the setting at `path`: its own, or of what it is in. */
static bool concerns(const char *where, const char *path)
{
	size_t len = strlen(where);

	return where[0] == '/' && !strncmp(where + 1, path, len - 1) && (path[len - 1] == '\0' || path[len - 1] == '/');
}

/* Takes back what the model refuses. *again: something was taken back, so that other rules may
 * be broken now. What was wrong before, elsewhere, is the commit's to tell. */
static enum tp_err check(struct fill *f, bool *again)
{
	struct tp_model_errors *found = calloc(1, sizeof(*found));
	enum tp_err err = found ? tp_tree_validate(f->tree, found) : TP_NOMEM;

	*again = false;
	if (err == TP_FORMAT)
		err = TP_OK;
	for (size_t e = 0; err == TP_OK && e < found->count; e++)
		for (size_t i = 0; err == TP_OK && i < SETTINGS; i++)
			if (f->before[i] && concerns(found->list[e].path, settings[i].path)) {
				*again = true;
				err = take_back(f, i, found->list[e].text);
			}
	free(found);
	return err;
}

enum tp_err tp_presets_fill(const struct tp_model *model, struct tp_tree *tree, enum tp_preset preset,
			    const json_t *paths, json_t *changed, json_t *refused)
{
	struct fill f = { .model = model, .tree = tree, .preset = preset, .refused = refused };
	enum tp_err err;
	bool again = true;

	f.errors = calloc(1, sizeof(*f.errors));
	err = f.errors ? TP_OK : TP_NOMEM;
	for (size_t i = 0; i < SETTINGS && err == TP_OK; i++)
		if (is_asked_for(&settings[i], preset, tree, paths))
			err = put_one(&f, i);
	for (int round = 0; round < ROUNDS && again && err == TP_OK; round++)
		err = check(&f, &again);
	for (size_t i = 0; i < SETTINGS; i++) {
		if (f.before[i])
			json_array_append_new(changed, json_sprintf("/%s", settings[i].path));
		free(f.before[i]);
	}
	free(f.errors);
	return err;
}

/* --------------------------------------------------------------------------- routes */

static void look(void *arg, const struct tp_model *model, const struct tp_tree *running,
		 const struct tp_tree *candidate)
{
	*(json_t **)arg = tp_presets_json(model, running, candidate);
}

static void get_presets(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	json_t *list = NULL;
	enum tp_err err = tp_config_look_at(arg, look, &list);

	(void)req;
	if (err == TP_OK)
		tp_http_reply_json(res, 200, json_pack("{s:o}", "settings", list));
	else
		tp_http_reply_error(res, 503, "operation-failed", NULL, "The appliance is starting.");
}

/* What post_presets asks of the configuration. */
struct wish {
	enum tp_preset preset;
	const json_t *paths;
	json_t *changed;
	json_t *refused;
};

static enum tp_err edit(void *arg, const struct tp_model *model, struct tp_tree *tree)
{
	struct wish *w = arg;

	return tp_presets_fill(model, tree, w->preset, w->paths, w->changed, w->refused);
}

/* False: *res holds the answer. */
static bool read_wish(const json_t *body, struct wish *w, struct tp_http_response *res)
{
	const char *name = json_string_value(json_object_get(body, "preset"));
	int p = 0;

	w->paths = json_object_get(body, "paths");
	while (p < TP_PRESETS && (!name || strcmp(preset_names[p], name) != 0))
		p++;
	w->preset = (enum tp_preset)p;
	if (p == TP_PRESETS)
		tp_http_reply_error(res, 400, "invalid-value", "/preset", "preset is seed or disa.");
	else if (w->paths && !json_is_array(w->paths))
		tp_http_reply_error(res, 400, "invalid-value", "/paths", "paths is an array of paths.");
	return !res->status;
}

static void post_presets(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	json_t *body = tp_http_body_object(req, res);
	struct wish w = { .changed = json_array(), .refused = json_array() };
	enum tp_err err;

	if (body && read_wish(body, &w, res)) {
		err = tp_config_change(arg, req->user, edit, &w);
		if (err == TP_OK)
			tp_http_reply_json(res, 200, json_pack("{s:O, s:O}", "changed", w.changed, "refused",
							       w.refused));
		else
			tp_http_reply_failure(res, err, NULL);
	}
	json_decref(w.changed);
	json_decref(w.refused);
	json_decref(body);
}

const struct tp_route *tp_presets_routes(size_t *count)
{
	static const struct tp_route routes[] = {
		TP_ROUTE(TP_HTTP_GET, "/api/v1/presets", TP_ACCESS_READ, 0, get_presets),
		TP_ROUTE(TP_HTTP_POST, "/api/v1/presets", TP_ACCESS_WRITE, BODY_MAX, post_presets),
	};

	*count = sizeof(routes) / sizeof(routes[0]);
	return routes;
}

/* The presets seed and DISA side by side: what each asks of each setting (presets.def), where
 * the configuration deviates, and putting values into the candidate. Runs in turnpike-admin. */
#ifndef TP_ADMIN_ADVANCED_PRESETS_H
#define TP_ADMIN_ADVANCED_PRESETS_H

#include <jansson.h>

#include "admin/http/router.h"
#include "model/model.h"

enum tp_preset { TP_PRESET_SEED = 0, TP_PRESET_DISA = 1, TP_PRESETS };

/* What counts as stricter than the preset's value, and so meets it, too. */
enum tp_preset_order {
	TP_PRESET_EXACT = 0,
	TP_PRESET_LEAST,         /* more is stricter */
	TP_PRESET_MOST,          /* less is stricter */
	TP_PRESET_MOST_NOT_ZERO, /* the same, but 0 stands for no limit */
	TP_PRESET_LEAST_OR_ZERO, /* more is stricter, and 0 stands for ever */
};

struct tp_preset_setting {
	const char *path; /* behind a datastore's name */
	const char *value[TP_PRESETS]; /* as configurations write it; NULL: no preset can know it */
	enum tp_preset_order order;
	const char *rules; /* separated by blanks; "": none */
	const char *needs; /* with NULL as values: what to do; else NULL */
};

/* The whole table: the lines of presets.def, then two for each service that speaks TLS. */
const struct tp_preset_setting *tp_presets(size_t *count);

enum tp_preset_verdict {
	TP_PRESET_DEVIATES = 0,
	TP_PRESET_SAME,
	TP_PRESET_STRICTER,
};
/* present may be NULL: not set. */
enum tp_preset_verdict tp_preset_judge(const struct tp_preset_setting *setting, enum tp_preset preset,
				       const char *present);

/* [{"path","label","running","candidate","seed","disa","deviates","stricter","rules","needs"}] */
json_t *tp_presets_json(const struct tp_model *model, const struct tp_tree *running,
			const struct tp_tree *candidate);

/* Puts the preset's values into the tree. paths NULL: each value that deviates; what is stricter
 * stays. Else exactly the values of the settings in paths, an array of paths as above, stricter ones
 * too; those not in the table are passed over. A value that a rule of the model refuses is left
 * as it was. changed: gets the paths; refused: {"path","label","value","text"}. */
TP_NODISCARD enum tp_err tp_presets_fill(const struct tp_model *model, struct tp_tree *tree,
					 enum tp_preset preset, const json_t *paths, json_t *changed,
					 json_t *refused);

/* Routes of this module; their argument is the struct tp_config. */
const struct tp_route *tp_presets_routes(size_t *count);

#endif

/* format_shapes: the samples of a file of shared usage shapes, as a format that nothing but the samples uses: so that the
 * shapes are proven by the same code, in the tests and by doctor, as those of a format. */
#include "collectors/format_impl.h"

/* All shapes of the file, in its order, at the member "usage". */
static json_t *usage_of(const json_t *file) {
    json_t *names = json_array(), *shape;
    size_t i;
    json_array_foreach(json_object_get(file, "shapes"), i, shape) json_array_append(names, json_object_get(shape, "name"));
    return json_pack("{s:[s], s:o}", "at", "usage", "shapes", names);
}

static json_t *sample_of(json_t *s) {
    json_t *record = json_pack("{s:O*, s:O*}", "usage", json_object_get(s, "usage"), "model", json_object_get(s, "model"));
    return json_pack("{s:O*, s:o, s:O*, s:[O*]}", "name", json_object_get(s, "name"), "record", record, "result",
                     json_object_get(s, "result"), "expect", json_object_get(s, "expect"));
}

int shapes_compile(Format **out, const json_t *file, const char *name, const Shared *shared, Err *e) {
    json_t *samples = json_array(), *s;
    size_t i;
    json_array_foreach(json_object_get(file, "samples"), i, s) json_array_append_new(samples, sample_of(s));
    json_t *root = json_pack("{s:s, s:{s:{s:s}, s:s}, s:o, s:o}", "name", "usage shapes", "fields", "time", "const", "2026-01-01T00:00:00Z",
                             "model", "model", "usage", usage_of(file), "samples", samples);
    return root ? format_compile(out, root, name, shared, e) : fail(e, "%s: its shapes cannot be read", name);
}

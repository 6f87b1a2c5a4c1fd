/* scan_path: one path as steps, the form in which scan_plan compiles it. Used by collectors/scan_plan.c alone. */
#ifndef COLLECTORS_SCAN_PATH_H
#define COLLECTORS_SCAN_PATH_H
#include "collectors/scan_impl.h"

typedef enum StepKind {
    STEP_END,
    STEP_MEMBER, /* name */
    STEP_ANY,    /* * */
    STEP_NAME,   /* @: the name of the member that `each` is at */
    STEP_EACH,   /* [] */
    STEP_NUMBER, /* [0] */
    STEP_LAST,   /* [-1] */
    STEP_SELECT, /* [key=text] */
    STEP_PREFIX  /* [^text] */
} StepKind;

enum { STEPS_MAX = 16 };

typedef struct Step {
    StepKind kind;
    uint32_t number;
    Str text;             /* in plan->text */
    const char *selector; /* STEP_SELECT: the key */
} Step;

typedef struct Path {
    Step steps[STEPS_MAX + 1]; /* ends with STEP_END */
} Path;

int path_parse(Path *out, const char *text, ScanPlan *p, Err *e);
bool step_same(const Step *a, const Step *b);
#endif

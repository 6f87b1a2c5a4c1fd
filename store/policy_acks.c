/* policy_acks: which gateways have said that they obey, and which generation. acks/ID.json beside the policy, written by the
 * gateways alone; what stands there is theirs and never trusted further than a line on a screen. */
#include "store/policy_parts.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { ACK_BYTES_MAX = 4096, KNOWN_MS = 24 * 3600000, SUFFIX = 5 /* ".json" */ };

typedef struct Acks {
    PolicyAck *at;
    size_t max, count;
    int64_t generation, now_ms;
} Acks;

static json_t *load(const PolicyFolder *folder, const char *name) {
    char text[ACK_BYTES_MAX + 1];
    int fd = policy_folder_open_file(folder, name, O_RDONLY, 0);
    if (fd < 0) return NULL;
    ssize_t n = read(fd, text, sizeof text);
    close(fd);
    json_t *o = n > 0 && n <= ACK_BYTES_MAX ? json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (o && json_is_object(o)) return o;
    json_decref(o);
    return NULL;
}

/* A clock that runs ahead does not make a gateway fresher than now. */
static AckState judge(const PolicyAck *a, int64_t generation, int64_t now_ms) {
    if (a->seen_ms == 0 || now_ms - a->seen_ms > ACK_SILENT_MS) return ACK_UNKNOWN;
    return a->generation == generation ? ACK_OBEYED : ACK_BEHIND;
}

static void fill(PolicyAck *a, const json_t *o, const Acks *acks) {
    int64_t workers = json_integer_value(json_object_get(o, "workers"));
    a->generation = json_integer_value(json_object_get(o, "generation"));
    a->workers = workers < 0 ? 0 : workers > 100000 ? 100000 : (int)workers;
    policy_text(a->host, sizeof a->host, json_object_get(o, "host"));
    if (policy_time(json_object_get(o, "applied_at"), &a->applied_ms) != 0) a->applied_ms = 0;
    if (policy_time(json_object_get(o, "seen_at"), &a->seen_ms) != 0) a->seen_ms = 0;
    a->state = judge(a, acks->generation, acks->now_ms);
}

static PolicyAck *find(Acks *acks, const char *id) {
    for (size_t i = 0; i < acks->count; i++)
        if (strcmp(acks->at[i].id, id) == 0) return &acks->at[i];
    return NULL;
}

static PolicyAck *add(Acks *acks, const char *id) {
    if (acks->count == acks->max) return NULL;
    PolicyAck *a = &acks->at[acks->count++];
    *a = (PolicyAck){.state = ACK_UNKNOWN};
    snprintf(a->id, sizeof a->id, "%s", id);
    return a;
}

static void take(Acks *acks, const PolicyFolder *folder, const char *name) {
    char id[64];
    size_t len = strlen(name);
    if (name[0] == '.' || len <= SUFFIX || len - SUFFIX >= sizeof id || strcmp(name + len - SUFFIX, ".json") != 0) return;
    snprintf(id, sizeof id, "%.*s", (int)(len - SUFFIX), name);
    for (char *p = id; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
    json_t *o = load(folder, name);
    PolicyAck fresh = {0}, *a = find(acks, id);
    if (o) fill(&fresh, o, acks);
    if (o && !a && acks->now_ms - fresh.seen_ms < KNOWN_MS) a = add(acks, id);
    if (o && a) fill(a, o, acks);
    json_decref(o);
}

static int by_id(const void *a, const void *b) { return strcmp(((const PolicyAck *)a)->id, ((const PolicyAck *)b)->id); }

static int read_folder(Acks *acks, const PolicyFolder *policy, Err *e) {
    PolicyFolder folder = *policy;
    folder.fd = openat(policy->fd, "acks", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder.fd < 0 && errno == ENOENT) return 0; /* nobody has acknowledged anything yet */
    DIR *dir = folder.fd >= 0 ? fdopendir(dup(folder.fd)) : NULL;
    if (!dir) {
        fail(e, "%s/acks: %s; make it readable to see who obeys", policy->path, strerror(errno));
        policy_folder_close(&folder);
        return -1;
    }
    for (struct dirent *d; (d = readdir(dir)) != NULL;) take(acks, &folder, d->d_name);
    closedir(dir);
    policy_folder_close(&folder);
    return 0;
}

int policy_acks(const char *path, const char *const *configured, size_t configured_count, int64_t generation, int64_t now_ms,
                PolicyAck *out, size_t max, size_t *count, Err *e) {
    Acks acks = {.at = out, .max = max, .generation = generation, .now_ms = now_ms};
    PolicyFolder f;
    *count = 0;
    for (size_t i = 0; i < configured_count; i++) {
        PolicyAck *a = find(&acks, configured[i]) ? NULL : add(&acks, configured[i]);
        if (a) a->configured = true;
    }
    int rc = policy_folder_open(&f, path, e);
    if (rc == 0) rc = read_folder(&acks, &f, e);
    policy_folder_close(&f);
    qsort(out, acks.count, sizeof *out, by_id);
    *count = acks.count;
    return rc;
}

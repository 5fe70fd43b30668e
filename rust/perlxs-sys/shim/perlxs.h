/* What Rust sees of Perl. Every function takes the interpreter first, so that threaded and unthreaded Perls look
 * the same from Rust; on an unthreaded Perl it is NULL and ignored. */
#ifndef PERLXS_H
#define PERLXS_H

#define PERL_NO_GET_CONTEXT
#include <EXTERN.h>
#include <perl.h>
#include <XSUB.h>
#include <stdint.h>

#ifdef MULTIPLICITY
#define PXS_THX(p) dTHXa(p)
#define PXS_SELF ((void *)aTHX)
#else
#define PXS_THX(p) PERL_UNUSED_VAR(p)
#define PXS_SELF NULL
#endif

/* Deeper data is refused: it is cyclic or hostile, and recursion on it would overflow the stack. */
#define PXS_MAX_DEPTH 128
/* More values in one argument are refused: shared references let a small structure unfold without end. */
#define PXS_MAX_VALUES 20000000

/* More parameters than this are refused when the export is compiled. */
#define PXS_MAX_ARGS 12

/* How an argument's magic is resolved before Rust runs. */
#define PXS_ARG_SCALAR 0 /* get-magic once */
#define PXS_ARG_DATA 1   /* deep: a plain copy if anything inside is tied or magical */
#define PXS_ARG_HANDLE 2 /* an object made by this library, of pxs_arg.class or a class derived from it */
#define PXS_ARG_PERL 3   /* as DATA, but objects are read as Perl code would: overloaded ones by their string,
                            others by what they are built of */

typedef struct pxs_arg {
    uint8_t kind;
    const char *name;  /* as in the usage line, without the sigil */
    const char *class; /* HANDLE only */
} pxs_arg;

/* What kind of value an SV holds, decided by its public flags alone: nothing is converted, nothing cached in it. */
#define PXS_UNDEF 0
#define PXS_INT 1        /* iv */
#define PXS_UINT 2       /* uv: above the signed range */
#define PXS_NUM 3        /* nv */
#define PXS_BYTES 4      /* ptr, len: a string without the UTF-8 flag: bytes, or characters below 256 */
#define PXS_TEXT 5       /* ptr, len: a string with it */
#define PXS_BOOL 6       /* iv: the result of a Perl comparison */
#define PXS_ARRAY 7      /* target */
#define PXS_HASH 8       /* target */
#define PXS_CODE 9
#define PXS_OBJECT 10     /* ptr, len: the class */
#define PXS_OVERLOADED 11 /* the same, of a class that overloads operators */
#define PXS_OTHER 12      /* ptr, len name it: a reference to a scalar, a glob, a format, … */

typedef struct pxs_view {
    uint32_t kind;
    size_t len;
    union {
        int64_t iv;
        uint64_t uv;
        double nv;
        const char *ptr;
        void *target;
    } is;
} pxs_view;

/* What pxs_call.status may become. */
#define PXS_OK 0
#define PXS_DIE 1         /* raise error; Perl appends the place to a string that does not end in a newline */
#define PXS_DIE_OBJECT 2  /* raise error, a reference to a hash, blessed into class: its module is loaded if it is
                             installed, else into fallback; the caller's filename and line are put into it */
#define PXS_DIE_PENDING 3 /* raise what a signal handler threw: it is in $@, and $SIG{__DIE__} has seen it */
#define PXS_EXIT 4        /* a signal handler called exit: go on exiting */
#define PXS_INTERNAL 5    /* as DIE, and pxs_internal_errors counts it */

/* How the result is handed over. */
#define PXS_RETURN_UNDEF 0
#define PXS_RETURN_INT 1 /* is.iv */
#define PXS_RETURN_NUM 2 /* is.nv */
#define PXS_RETURN_SV 3  /* is.sv */
#define PXS_RETURN_LIST 4  /* is.sv is an AV: its elements */
#define PXS_RETURN_EMPTY 5 /* the empty list, undef in scalar context */

struct pxs_call;

typedef struct pxs_export {
    const char *name;  /* full name of the sub */
    const char *usage; /* its arguments, for the usage line */
    const pxs_arg *args;
    uint32_t min_args;
    uint32_t max_args;
    uint32_t polls; /* signal handlers may run during the call */
    void (*run)(struct pxs_call *);
} pxs_export;

typedef struct pxs_call {
    void *perl;
    const pxs_export *export_;
    uint32_t nargs;
    uint32_t status;
    uint32_t returns;
    union {
        int64_t iv;
        double nv;
        SV *sv; /* owned by the call from here on */
    } is;
    SV *error;    /* likewise */
    AV *warnings; /* texts to warn with, in order; NULL: none */
    AV *effects;  /* flat triples: a reference to the caller's hash, a key, a reference to store there or undef to delete
                     the key; NULL: none */
    const char *class; /* DIE_OBJECT: package names, not NUL-terminated */
    const char *fallback;
    size_t class_len;
    size_t fallback_len;
    /* By argument; set for the nargs that were given. */
    SV *args[PXS_MAX_ARGS];      /* resolved; valid until run() returns */
    SV *originals[PXS_MAX_ARGS]; /* as the caller passed them, a magical one read */
    pxs_view views[PXS_MAX_ARGS];
} pxs_call;

/* A sub-package's exports. */
typedef struct pxs_package {
    const char *name;
    const pxs_export *exports;
    uint32_t nexports;
    uint32_t has_handles; /* its objects do not cross into other ithreads (CLONE_SKIP) */
} pxs_package;

/* Registers all exports; dies if the Perl module's version is not `version`, or the Perl is not the one built for. */
void pxs_boot(void *perl, CV *cv, const char *module, const char *version, const pxs_package *const *packages,
              uint32_t npackages);

/* `objects`: an object built of a hash or array is seen as that. */
void pxs_view_sv(void *perl, SV *sv, int objects, pxs_view *out);
/* Perl's own text of a number: at most 64 bytes. */
size_t pxs_format_num(void *perl, double nv, char *buf);

/* The elements and entries, each with its view: the walks leave Perl's own iterators alone. A hole is undef. */
size_t pxs_array_len(void *perl, void *av);
SV *pxs_array_get(void *perl, void *av, size_t index, int objects, pxs_view *out);

typedef struct pxs_entry {
    void *hv;
    size_t bucket;
    void *next;
    const char *key;
    size_t len;
    uint32_t text;  /* the key is UTF-8 */
    uint32_t chars; /* the caller wrote it as characters */
    SV *value;
    pxs_view view;
} pxs_entry;

size_t pxs_hash_len(void *perl, void *hv);
void pxs_hash_start(void *perl, void *hv, pxs_entry *entry);
int pxs_hash_next(void *perl, pxs_entry *entry, int objects);

/* New values, owned by the caller. */
SV *pxs_new_undef(void *perl);
SV *pxs_new_int(void *perl, int64_t value);
SV *pxs_new_uint(void *perl, uint64_t value);
SV *pxs_new_num(void *perl, double value);
SV *pxs_undef(void *perl); /* the one that nothing changes */
SV *pxs_new_string(void *perl, const char *ptr, size_t len, int text);
SV *pxs_new_shared(void *perl, const char *ptr, size_t len); /* bytes with a text as hash keys have */
SV *pxs_new_comparison(void *perl, int value); /* what Perl's own comparisons give: 1 or "", dual-valued */
/* JSON's true or false, the object that JSON::XS gives for it. `*cache` starts as NULL, one for each of the two. */
SV *pxs_new_json_boolean(void *perl, int value, SV **cache);
void pxs_utf8_on(void *perl, SV *sv); /* its bytes are Perl's encoding of characters */
AV *pxs_new_array(void *perl, size_t capacity);
HV *pxs_new_hash(void *perl, size_t capacity);
void pxs_array_push(void *perl, AV *av, SV *value);
/* Stores into a hash that pxs_new_hash made; takes over `value`. len is below 2**31. */
void pxs_hash_store(void *perl, HV *hv, const char *key, size_t len, int text, SV *value);
SV *pxs_new_ref(void *perl, void *target);                 /* takes over `target` */
SV *pxs_inc(void *perl, SV *sv);
void pxs_dec(void *perl, void *sv);

/* Objects that own a Rust value: a blessed reference to a scalar with extension magic. */
struct pxs_handle;

typedef struct pxs_handle_type {
    const char *class;
    /* Drops the value. Returns 0, or 1 after writing why it panicked into buf (NUL-terminated). */
    int (*drop)(struct pxs_handle *value, char *buf, size_t len);
} pxs_handle_type;

/* The start of every such value; the rest is Rust's. */
typedef struct pxs_handle {
    const pxs_handle_type *type;
} pxs_handle;

SV *pxs_new_handle(void *perl, pxs_handle *value, const char *class, size_t len, int text);
/* The value behind an argument of kind HANDLE; NULL if it is of another type, or was copied into another thread. */
pxs_handle *pxs_handle_value(void *perl, SV *sv, const pxs_handle_type *type);

/* Runs pending Perl signal handlers. PXS_OK, PXS_DIE_PENDING or PXS_EXIT; on the latter two the call must end at once. */
int pxs_poll_signals(void *perl);

/* A Perl sub with an op of ours before its first one. */
typedef struct pxs_intercept pxs_intercept;

/* `sub` is a reference. NULL: it is none to a sub with a body in Perl, or has such an op already. */
pxs_intercept *pxs_intercept_new(void *perl, SV *sub);
/* From now on the sub that `instead` refers to answers; NULL: the sub itself. With `failed`, a reference to a sub, too, the
 * sub itself answers where `instead` dies of an internal error, and `failed` is told that. */
void pxs_intercept_answer(void *perl, pxs_intercept *intercept, SV *instead, SV *failed);
/* The next call is answered by the sub itself. */
void pxs_intercept_pass(pxs_intercept *intercept);
/* Calls in this process: a child of a fork starts at none. */
uint64_t pxs_intercept_calls(const pxs_intercept *intercept);
/* Of calls that `instead` answered one in 16 is measured: how many were, and how long these took. */
typedef struct pxs_intercept_times {
    uint64_t calls;
    uint64_t nanoseconds;
} pxs_intercept_times;
pxs_intercept_times pxs_intercept_measured(const pxs_intercept *intercept);
/* Takes the op away. The pointer must not be used again. */
void pxs_intercept_remove(void *perl, pxs_intercept *intercept);
/* Calls the sub that `code` refers to from such an op where it was not called for so many seconds. */
void pxs_look_every(void *perl, uint32_t seconds, SV *code);

#ifndef PXS_RUST
/* For the other files of the shim. */
extern uint32_t pxs_internal_errors; /* raised in this process */
extern I32 pxs_falls_back;           /* a call that has one is to leave nothing behind */
void pxs_resolve(pTHX_ pxs_call *call);
void pxs_finish(pTHX_ pxs_call *call);
void pxs_xsub(pTHX_ CV *cv);
#endif
#endif

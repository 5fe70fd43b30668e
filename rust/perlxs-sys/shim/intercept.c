/* An op before the first one of a Perl sub. Every call of the sub comes by it, whatever name or reference it was called
 * through; it lets the sub run, or has another one answer in its place. */
#include "perlxs.h"
#include <pthread.h>
#include <time.h>

struct pxs_intercept {
    OP op; /* first: PL_op points to the structure */
    OP *start;
    void *perl;
    CV *sub;
    CV *instead; /* NULL: the sub itself */
    SV *failed;  /* is told of an internal error of `instead`, and the sub answers; NULL: the error is the answer */
    uint64_t calls;
    pxs_intercept_times times; /* of the calls of `instead` that were measured */
    uint32_t pass;
    struct pxs_intercept *next;
};

/* All there are: a child of a fork has none of its parent's calls. */
static struct pxs_intercept *all;

/* One in so many calls of `instead` is measured. */
#define MEASURE_EACH 16

/* What is looked at now and then while such subs are called. */
static struct {
    void *perl;
    SV *code;
    time_t every, next;
} look;

static OP *pp_intercept(pTHX);

/* Runs `code` so that the sub that is being called sees nothing of it. */
static void aside(pTHX_ SV *code, SV *argument)
{
    dSP;
    dSAVE_ERRNO;
    ENTER;
    SAVETMPS;
    save_scalar(PL_errgv);
    SAVESPTR(PL_diehook);
    PL_diehook = NULL;
    PUSHMARK(SP);
    if (argument)
        XPUSHs(argument);
    PUTBACK;
    call_sv(code, G_DISCARD | G_VOID | G_EVAL);
    FREETMPS;
    LEAVE;
    RESTORE_ERRNO;
}

static void look_if_due(pTHX)
{
    struct timespec now;
    if (!look.code || look.perl != PXS_SELF)
        return;
    if (clock_gettime(CLOCK_MONOTONIC_COARSE, &now) != 0 || now.tv_sec < look.next)
        return;
    look.next = now.tv_sec + look.every;
    aside(aTHX_ look.code, NULL);
}

/* Calls `instead`, and measures now and then how long that takes. */
static void call_instead(pTHX_ struct pxs_intercept *it, SV *instead, I32 flags)
{
    struct timespec start, end;
    const int is_measured =
        it->calls % MEASURE_EACH == 1 && clock_gettime(CLOCK_MONOTONIC, &start) == 0;
    call_sv(instead, flags);
    if (!is_measured || clock_gettime(CLOCK_MONOTONIC, &end) != 0)
        return;
    it->times.calls++;
    it->times.nanoseconds += (uint64_t)((end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec);
}

static void push_arguments(pTHX)
{
    dSP;
    AV *const arguments = GvAV(PL_defgv);
    const SSize_t count = arguments ? AvFILLp(arguments) + 1 : 0;
    SSize_t i;
    PUSHMARK(SP);
    EXTEND(SP, count);
    for (i = 0; i < count; i++) {
        SV *const sv = AvARRAY(arguments)[i];
        PUSHs(sv ? sv : sv_newmortal());
    }
    PUTBACK;
}

static int is_set(SV *error)
{
    /* No SvTRUE: an exception object may overload it. */
    return SvROK(error) || (SvPOK(error) && SvCUR(error));
}

/* Whether there is an answer: it is on the stack then. $SIG{__DIE__} hears of what `instead` dies with once, when that
 * is the answer. */
static int answer(pTHX_ struct pxs_intercept *it)
{
    const SSize_t base = PL_stack_sp - PL_stack_base;
    const U8 gimme = GIMME_V;
    const uint32_t internal_errors = pxs_internal_errors;
    SV *const instead = (SV *)it->instead, *const failed = it->failed;
    SV *error = NULL;
    int is_internal;

    ENTER;
    /* What is called may put others in their place. */
    SAVEFREESV(SvREFCNT_inc_simple_NN(instead));
    push_arguments(aTHX);
    if (!failed) {
        call_instead(aTHX_ it, instead, gimme);
        LEAVE;
        return 1;
    }
    SAVEFREESV(SvREFCNT_inc_simple_NN(failed));
    save_scalar(PL_errgv);
    SAVESPTR(PL_diehook);
    PL_diehook = NULL;
    SAVEI32(pxs_falls_back);
    pxs_falls_back = 1;
    call_instead(aTHX_ it, instead, gimme | G_EVAL);
    pxs_falls_back = 0;
    is_internal = pxs_internal_errors != internal_errors;
    if (is_set(ERRSV)) {
        error = sv_mortalcopy(ERRSV);
        PL_stack_sp = PL_stack_base + base;
        if (is_internal)
            aside(aTHX_ failed, error);
    }
    LEAVE;
    if (error && !is_internal)
        croak_sv(error);
    return !error;
}

static OP *pp_intercept(pTHX)
{
    struct pxs_intercept *const it = (struct pxs_intercept *)PL_op;
    OP *root;
    /* Another ithread has the op, but not the subs. */
    if (it->perl != PXS_SELF)
        return it->start;
    if (it->pass) {
        it->pass = 0;
        return it->start;
    }
    /* The arguments are in @_ now; as with the op that begins a statement, what is left of them goes. */
    PL_stack_sp = PL_stack_base + CX_CUR()->blk_oldsp;
    look_if_due(aTHX);
    it->calls++;
    if (!it->instead)
        return it->start;
    root = CvROOT(it->sub);
    return answer(aTHX_ it) ? root : it->start;
}

static CV *code_of(SV *sv)
{
    return sv && SvROK(sv) && SvTYPE(SvRV(sv)) == SVt_PVCV ? (CV *)SvRV(sv) : NULL;
}

/* A sub keeps its structure for as long as the process lives: other ithreads have the op in copies of the sub. */
static const MGVTBL kept;

static void forget_calls(void)
{
    struct pxs_intercept *it;
    for (it = __atomic_load_n(&all, __ATOMIC_ACQUIRE); it; it = it->next) {
        it->calls = 0;
        Zero(&it->times, 1, pxs_intercept_times);
    }
}

static void remember(struct pxs_intercept *it)
{
    it->next = __atomic_load_n(&all, __ATOMIC_RELAXED);
    if (!it->next)
        pthread_atfork(NULL, NULL, forget_calls);
    while (!__atomic_compare_exchange_n(&all, &it->next, it, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

static struct pxs_intercept *structure_of(pTHX_ CV *cv)
{
    MAGIC *const magic = mg_findext((SV *)cv, PERL_MAGIC_ext, &kept);
    struct pxs_intercept *it;
    if (magic)
        return (struct pxs_intercept *)magic->mg_ptr;
    Newxz(it, 1, struct pxs_intercept);
    sv_magicext((SV *)cv, NULL, PERL_MAGIC_ext, &kept, (const char *)it, 0);
    remember(it);
    return it;
}

pxs_intercept *pxs_intercept_new(void *perl, SV *sub)
{
    PXS_THX(perl);
    static XOP description;
    CV *const cv = code_of(sub);
    struct pxs_intercept *it;
    if (!cv || CvISXSUB(cv) || !CvROOT(cv) || !CvSTART(cv) || CvSTART(cv)->op_ppaddr == pp_intercept)
        return NULL;
    it = structure_of(aTHX_ cv);
    if (it->sub)
        return NULL;
    XopENTRY_set(&description, xop_name, "intercept");
    XopENTRY_set(&description, xop_desc, "call that may be answered elsewhere");
    Perl_custom_op_register(aTHX_ pp_intercept, &description);
    it->op.op_type = OP_CUSTOM;
    it->op.op_ppaddr = pp_intercept;
    it->op.op_static = 1;
    it->op.op_next = it->start = CvSTART(cv);
    it->perl = PXS_SELF;
    it->sub = (CV *)SvREFCNT_inc_simple_NN((SV *)cv);
    it->calls = 0;
    Zero(&it->times, 1, pxs_intercept_times);
    CvSTART(cv) = (OP *)it;
    return it;
}

/* Later: what a sub holds may have destructors, which are Perl code. */
static void release(pTHX_ SV *sv)
{
    if (sv)
        sv_2mortal(sv);
}

void pxs_intercept_answer(void *perl, pxs_intercept *it, SV *instead, SV *failed)
{
    PXS_THX(perl);
    release(aTHX_(SV *) it->instead);
    release(aTHX_ it->failed);
    it->instead = (CV *)SvREFCNT_inc((SV *)code_of(instead));
    it->failed = SvREFCNT_inc((SV *)code_of(failed));
}

void pxs_intercept_pass(pxs_intercept *it)
{
    it->pass = 1;
}

uint64_t pxs_intercept_calls(const pxs_intercept *it)
{
    return it->calls;
}

pxs_intercept_times pxs_intercept_measured(const pxs_intercept *it)
{
    return it->times;
}

void pxs_intercept_remove(void *perl, pxs_intercept *it)
{
    PXS_THX(perl);
    /* Everything goes then, in no order. */
    if (PL_phase == PERL_PHASE_DESTRUCT || !it->sub)
        return;
    /* A sub that was defined again has another first op, and nothing is in front of that. */
    if (CvROOT(it->sub) && CvSTART(it->sub) == (OP *)it)
        CvSTART(it->sub) = it->start;
    release(aTHX_(SV *) it->sub);
    release(aTHX_(SV *) it->instead);
    release(aTHX_ it->failed);
    it->sub = it->instead = NULL;
    it->failed = NULL;
    it->pass = 0;
}

void pxs_look_every(void *perl, uint32_t seconds, SV *code)
{
    PXS_THX(perl);
    release(aTHX_ look.code);
    look.code = SvREFCNT_inc((SV *)code_of(code));
    look.perl = PXS_SELF;
    look.every = (time_t)seconds;
    look.next = 0;
}

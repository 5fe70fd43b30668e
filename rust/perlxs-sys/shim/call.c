/* The one trampoline: resolve the arguments (may die) -> Rust (cannot) -> push or raise (may die). */
#include "perlxs.h"

#define SMALL_ARGS 12

static const pxs_arg *arg_spec(const pxs_export *e, uint32_t index)
{
    return &e->args[index];
}

static void usage(pTHX_ const pxs_export *e)
{
    Perl_croak(aTHX_ "Usage: %s(%s)", e->name, e->usage);
}

/* Data may not nest without end, and what is tied or magical is to be copied. */
typedef struct scan {
    const pxs_export *e;
    uint32_t index;
    size_t values;
    int objects; /* look into objects, and see overloaded ones as strings */
} scan;

static void too_much(pTHX_ scan *s, const char *what)
{
    Perl_croak(aTHX_ "%s: argument %u ($%s): %s\n", s->e->name, (unsigned)s->index + 1,
               arg_spec(s->e, s->index)->name, what);
}

static void count_value(pTHX_ scan *s, int depth)
{
    if (depth > PXS_MAX_DEPTH)
        too_much(aTHX_ s, "data is nested deeper than 128 levels, or refers to itself");
    if (++s->values > PXS_MAX_VALUES)
        too_much(aTHX_ s, "data has more than 20000000 values");
}

static int is_tied(SV *sv)
{
    return SvRMAGICAL(sv) && mg_find(sv, PERL_MAGIC_tied) != NULL;
}

static int needs_copy(pTHX_ scan *s, SV *sv, int depth)
{
    SV *target;
    count_value(aTHX_ s, depth);
    if (SvGMAGICAL(sv))
        return 1;
    if (!SvROK(sv))
        return 0;
    target = SvRV(sv);
    if (SvOBJECT(target)) {
        if (!s->objects)
            return 0;
        if (SvAMAGIC(sv))
            return 1;
    }
    if (SvTYPE(target) == SVt_PVAV) {
        AV *av = (AV *)target;
        SSize_t i;
        if (is_tied(target))
            return 1;
        for (i = 0; i <= AvFILLp(av); i++)
            if (AvARRAY(av)[i] && needs_copy(aTHX_ s, AvARRAY(av)[i], depth + 1))
                return 1;
    } else if (SvTYPE(target) == SVt_PVHV) {
        HV *hv = (HV *)target;
        STRLEN i;
        if (is_tied(target))
            return 1;
        if (HvARRAY(hv) && HvUSEDKEYS(hv))
            for (i = 0; i <= HvMAX(hv); i++) {
                HE *he;
                for (he = HvARRAY(hv)[i]; he; he = HeNEXT(he))
                    if (HeVAL(he) != &PL_sv_placeholder && needs_copy(aTHX_ s, HeVAL(he), depth + 1))
                        return 1;
            }
    }
    return 0;
}

/* A plain copy. Each container is reachable from a mortal before anything in it may die. */
static SV *plain_copy(pTHX_ scan *s, SV *sv, int depth)
{
    SV *target;
    count_value(aTHX_ s, depth);
    if (SvGMAGICAL(sv))
        sv = sv_mortalcopy(sv);
    if (!SvROK(sv))
        return newSVsv_nomg(sv);
    target = SvRV(sv);
    if (SvOBJECT(target)) {
        if (!s->objects)
            return newSVsv_nomg(sv);
        if (SvAMAGIC(sv)) {
            STRLEN len;
            const char *pv = SvPV_nomg(sv, len);
            return newSVpvn_flags(pv, len, SvUTF8(sv));
        }
    }
    if (SvTYPE(target) == SVt_PVAV) {
        AV *from = (AV *)target, *to = newAV();
        SV *ref = sv_2mortal(newRV_noinc((SV *)to));
        SSize_t i, n = av_count(from);
        for (i = 0; i < n; i++) {
            SV **el = av_fetch(from, i, 0);
            av_store(to, i, el ? plain_copy(aTHX_ s, *el, depth + 1) : newSV(0));
            n = av_count(from);
        }
        return SvREFCNT_inc_simple_NN(ref);
    }
    if (SvTYPE(target) == SVt_PVHV) {
        HV *from = (HV *)target, *to = newHV();
        SV *ref = sv_2mortal(newRV_noinc((SV *)to));
        if (is_tied(target)) {
            HE *he;
            hv_iterinit(from);
            while ((he = hv_iternext(from))) {
                SV *key = hv_iterkeysv(he);
                SV *value = hv_iterval(from, he);
                SV *copy = plain_copy(aTHX_ s, value, depth + 1);
                (void)hv_store_ent(to, key, copy, 0);
            }
        } else {
            /* Keys first: what a value's FETCH does to this hash must not disturb the walk. */
            AV *keys = (AV *)sv_2mortal((SV *)newAV());
            STRLEN b;
            SSize_t i;
            if (HvARRAY(from))
                for (b = 0; b <= HvMAX(from); b++) {
                    HE *he;
                    for (he = HvARRAY(from)[b]; he; he = HeNEXT(he))
                        if (HeVAL(he) != &PL_sv_placeholder)
                            av_push(keys, newSVhek(HeKEY_hek(he)));
                }
            for (i = 0; i <= AvFILLp(keys); i++) {
                SV *key = AvARRAY(keys)[i];
                HE *he = hv_fetch_ent(from, key, 0, 0);
                if (he)
                    (void)hv_store_ent(to, key, plain_copy(aTHX_ s, HeVAL(he), depth + 1), 0);
            }
        }
        return SvREFCNT_inc_simple_NN(ref);
    }
    return newSVsv_nomg(sv);
}

static void check_handle(pTHX_ const pxs_export *e, uint32_t index, SV *sv)
{
    const pxs_arg *spec = arg_spec(e, index);
    const char *got = "an undefined value";
    if (SvROK(sv) && SvOBJECT(SvRV(sv))) {
        got = sv_reftype(SvRV(sv), TRUE);
        if (strEQ(got, spec->class) || sv_derived_from(sv, spec->class))
            return;
    } else if (SvROK(sv)) {
        got = "an unblessed reference";
    } else if (SvOK(sv)) {
        got = "a plain value";
    }
    Perl_croak(aTHX_ "%s: argument %u ($%s): expected an object of class %s, got %s\n", e->name,
               (unsigned)index + 1, spec->name, spec->class, got);
}

SV *pxs_resolve(pTHX_ const pxs_export *e, uint32_t index, SV *sv)
{
    const uint8_t kind = arg_spec(e, index)->kind;
    if (kind == PXS_ARG_DATA || kind == PXS_ARG_PERL) {
        scan s = { e, index, 0, kind == PXS_ARG_PERL };
        if (SvGMAGICAL(sv) || SvROK(sv)) {
            if (needs_copy(aTHX_ & s, sv, 0)) {
                s.values = 0;
                sv = sv_2mortal(plain_copy(aTHX_ & s, sv, 0));
            }
        }
        return sv;
    }
    if (SvGMAGICAL(sv))
        sv = sv_mortalcopy(sv);
    if (kind == PXS_ARG_HANDLE) {
        check_handle(aTHX_ e, index, sv);
        /* A signal handler that runs during the call may drop the last reference to it. */
        sv_2mortal(SvREFCNT_inc_simple_NN(SvRV(sv)));
    }
    return sv;
}

/* Puts into effect what the function decided about the caller's hashes. */
static void apply_effects(pTHX_ AV *effects)
{
    SSize_t i;
    for (i = 0; i + 2 <= AvFILLp(effects); i += 3) {
        SV *ref = AvARRAY(effects)[i], *key = AvARRAY(effects)[i + 1], *value = AvARRAY(effects)[i + 2];
        SvGETMAGIC(ref);
        if (!SvROK(ref) || SvTYPE(SvRV(ref)) != SVt_PVHV)
            continue;
        if (SvROK(value))
            (void)hv_store_ent((HV *)SvRV(ref), key, SvREFCNT_inc_simple_NN(value), 0);
        else
            (void)hv_delete_ent((HV *)SvRV(ref), key, G_DISCARD, 0);
    }
}

/* The class if it is there or its module can be loaded, else the fallback, which comes with this library. */
static HV *error_stash(pTHX_ const pxs_call *call)
{
    HV *stash = gv_stashpvn(call->class, (U32)call->class_len, 0);
    SV *name;
    if (stash && gv_fetchmeth_pvn(stash, "new", 3, 0, 0))
        return stash;
    name = sv_2mortal(newSVpvf("require %.*s", (int)call->class_len, call->class));
    eval_sv(name, G_SCALAR | G_DISCARD | G_EVAL);
    stash = gv_stashpvn(call->class, (U32)call->class_len, 0);
    if (stash && gv_fetchmeth_pvn(stash, "new", 3, 0, 0))
        return stash;
    return gv_stashpvn(call->fallback, (U32)call->fallback_len, GV_ADD);
}

static void raise_object(pTHX_ pxs_call *call)
{
    SV *error = call->error;
    if (SvROK(error) && SvTYPE(SvRV(error)) == SVt_PVHV) {
        HV *fields = (HV *)SvRV(error);
        (void)hv_stores(fields, "filename", newSVpv(CopFILE(PL_curcop) ? CopFILE(PL_curcop) : "", 0));
        (void)hv_stores(fields, "line", newSViv((IV)CopLINE(PL_curcop)));
        sv_bless(error, error_stash(aTHX_ call));
    }
    croak_sv(error);
}

static void finish_rare(pTHX_ pxs_call *call)
{
    if (call->status == PXS_EXIT) {
        /* Perl's stacks are unwound already; what is left of exit is the jump. */
        JMPENV_JUMP(2);
    }
    if (call->effects)
        apply_effects(aTHX_ call->effects);
    if (call->warnings) {
        AV *warnings = call->warnings;
        SSize_t i;
        for (i = 0; i <= AvFILLp(warnings); i++)
            warn_sv(AvARRAY(warnings)[i]);
    }
    switch (call->status) {
    case PXS_DIE:
        croak_sv(call->error);
    case PXS_DIE_AT:
        Perl_croak(aTHX_ "%" SVf, SVfARG(call->error));
    case PXS_DIE_PENDING:
        croak_sv(sv_mortalcopy(ERRSV));
    case PXS_DIE_OBJECT:
        raise_object(aTHX_ call);
    }
}

void pxs_xsub(pTHX_ CV *cv)
{
    dXSARGS;
    const pxs_export *e = (const pxs_export *)XSANY.any_ptr;
    const uint32_t n = (uint32_t)items;
    SV *small[2 * SMALL_ARGS];
    pxs_call call;
    uint32_t i;
    int saved_errno;

    if (n < e->min_args || n > e->max_args)
        usage(aTHX_ e);
    saved_errno = errno;

    call.args = small;
    if (n > SMALL_ARGS) {
        SV *buf = sv_2mortal(newSV(2 * n * sizeof(SV *)));
        call.args = (SV **)SvPVX(buf);
    }
    call.originals = call.args + n;
    for (i = 0; i < n; i++)
        call.args[i] = call.originals[i] = ST(i);
    for (i = 0; i < n; i++) {
        SV *sv = call.args[i];
        if (SvGMAGICAL(sv) || SvROK(sv) || arg_spec(e, i)->kind == PXS_ARG_HANDLE)
            call.args[i] = pxs_resolve(aTHX_ e, i, sv);
    }
#ifdef MULTIPLICITY
    call.perl = aTHX;
#else
    call.perl = NULL;
#endif
    call.export_ = e;
    call.nargs = n;
    call.status = PXS_OK;
    call.returns = PXS_RETURN_SCALAR;
    call.result = NULL;
    call.error = NULL;
    call.warnings = NULL;
    call.effects = NULL;
    /* What Rust makes is new: a tainted argument was seen by a parser, as after a match in Perl. */
    TAINT_NOT;

    e->run(&call);

    if (call.result)
        sv_2mortal(call.result);
    if (call.status != PXS_OK || call.warnings || call.effects) {
        if (call.error)
            sv_2mortal(call.error);
        if (call.warnings)
            sv_2mortal((SV *)call.warnings);
        if (call.effects)
            sv_2mortal((SV *)call.effects);
        errno = saved_errno;
        finish_rare(aTHX_ &call);
    }
    errno = saved_errno;

    SPAGAIN;
    if (call.returns == PXS_RETURN_SCALAR) {
        /* The stack may have moved while a handler or FETCH ran: ax is an index, ST() looks it up again. */
        if (items == 0) {
            SP = PL_stack_base + ax - 1;
            EXTEND(SP, 1);
        }
        ST(0) = call.result ? call.result : sv_newmortal();
        XSRETURN(1);
    }
    if (call.returns == PXS_RETURN_LIST) {
        AV *list = (AV *)call.result;
        const SSize_t count = AvFILLp(list) + 1;
        SSize_t k;
        SP = PL_stack_base + ax - 1;
        EXTEND(SP, count);
        for (k = 0; k < count; k++)
            ST(k) = sv_2mortal(SvREFCNT_inc_simple_NN(AvARRAY(list)[k]));
        XSRETURN(count);
    }
    XSRETURN_EMPTY;
}

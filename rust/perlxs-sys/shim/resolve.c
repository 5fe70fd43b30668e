/* The first step of a call: whatever may run Perl code, or die, in reading the arguments happens here. */
#include "perlxs.h"

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
               s->e->args[s->index].name, what);
}

static void count_value(pTHX_ scan *s, int depth)
{
    if (UNLIKELY(depth > PXS_MAX_DEPTH))
        too_much(aTHX_ s, "data is nested deeper than 128 levels, or refers to itself");
    if (UNLIKELY(++s->values > PXS_MAX_VALUES))
        too_much(aTHX_ s, "data has more than 20000000 values");
}

/* Its elements are not where an ordinary container has them: it is tied, or @- or @+. */
static int is_elsewhere(SV *sv)
{
    return UNLIKELY(SvRMAGICAL(sv)) && (mg_find(sv, PERL_MAGIC_tied) || mg_find(sv, PERL_MAGIC_regdata));
}

/* Perl code that reads this object gets a string (or number) from its class. */
static int reads_as_string(pTHX_ SV *ref)
{
    HV *stash = SvSTASH(SvRV(ref));
    return SvAMAGIC(ref)
           && (gv_fetchmeth_pvn(stash, "(\"\"", 3, 0, 0) || gv_fetchmeth_pvn(stash, "(0+", 3, 0, 0)
               || gv_fetchmeth_pvn(stash, "(bool", 5, 0, 0));
}

static int needs_copy(pTHX_ scan *s, SV *sv, int depth);

/* Has what Rust is going to read brought into the processor's cache while the walk goes on: large data waits for little
 * else. */
static void fetch_string(SV *sv)
{
    if (SvPOK(sv)) {
        __builtin_prefetch(SvANY(sv));
        __builtin_prefetch(SvPVX_const(sv));
    }
}

static int array_needs_copy(pTHX_ scan *s, AV *av, int depth)
{
    SSize_t i;
    if (is_elsewhere((SV *)av))
        return 1;
    for (i = 0; i <= AvFILLp(av); i++)
        if (AvARRAY(av)[i] && needs_copy(aTHX_ s, AvARRAY(av)[i], depth))
            return 1;
    return 0;
}

enum { AHEAD = 8 };

static int hash_needs_copy(pTHX_ scan *s, HV *hv, int depth)
{
    STRLEN i;
    if (is_elsewhere((SV *)hv))
        return 1;
    if (!HvARRAY(hv))
        return 0;
    for (i = 0; i <= HvMAX(hv); i++) {
        HE *he;
        if (i + AHEAD <= HvMAX(hv))
            __builtin_prefetch(HvARRAY(hv)[i + AHEAD]);
        for (he = HvARRAY(hv)[i]; he; he = HeNEXT(he))
            if (HeVAL(he) != &PL_sv_placeholder && needs_copy(aTHX_ s, HeVAL(he), depth))
                return 1;
    }
    return 0;
}

static int needs_copy(pTHX_ scan *s, SV *sv, int depth)
{
    SV *target;
    count_value(aTHX_ s, depth);
    if (UNLIKELY(SvGMAGICAL(sv)))
        return 1;
    if (!SvROK(sv)) {
        fetch_string(sv);
        return 0;
    }
    target = SvRV(sv);
    if (SvOBJECT(target)) {
        if (!s->objects)
            return 0;
        if (reads_as_string(aTHX_ sv))
            return 1;
    }
    if (SvTYPE(target) == SVt_PVAV)
        return array_needs_copy(aTHX_ s, (AV *)target, depth + 1);
    if (SvTYPE(target) == SVt_PVHV)
        return hash_needs_copy(aTHX_ s, (HV *)target, depth + 1);
    return 0;
}

static SV *plain_copy(pTHX_ scan *s, SV *sv, int depth);

/* Each container is reachable from a mortal before anything in it may die. */
static SV *copy_array(pTHX_ scan *s, AV *from, int depth)
{
    AV *to = newAV();
    SV *ref = sv_2mortal(newRV_noinc((SV *)to));
    const SSize_t n = av_count(from);
    SSize_t i;
    for (i = 0; i < n; i++) {
        SV **el = av_fetch(from, i, 0);
        av_push(to, el ? plain_copy(aTHX_ s, *el, depth) : newSV(0));
    }
    return SvREFCNT_inc_simple_NN(ref);
}

/* Keys first: what a value's FETCH does to this hash must not disturb the walk. */
static AV *keys_of(pTHX_ HV *hv)
{
    AV *keys = (AV *)sv_2mortal((SV *)newAV());
    if (is_elsewhere((SV *)hv)) {
        HE *he;
        hv_iterinit(hv);
        while ((he = hv_iternext(hv)))
            av_push(keys, newSVsv(hv_iterkeysv(he)));
    } else if (HvARRAY(hv)) {
        STRLEN i;
        for (i = 0; i <= HvMAX(hv); i++) {
            HE *he;
            for (he = HvARRAY(hv)[i]; he; he = HeNEXT(he))
                if (HeVAL(he) != &PL_sv_placeholder)
                    av_push(keys, newSVhek(HeKEY_hek(he)));
        }
    }
    return keys;
}

static SV *copy_hash(pTHX_ scan *s, HV *from, int depth)
{
    HV *to = newHV();
    SV *ref = sv_2mortal(newRV_noinc((SV *)to));
    AV *keys = keys_of(aTHX_ from);
    SSize_t i;
    for (i = 0; i <= AvFILLp(keys); i++) {
        SV *key = AvARRAY(keys)[i];
        HE *he = hv_fetch_ent(from, key, 0, 0);
        SV *copy;
        if (!he)
            continue;
        copy = plain_copy(aTHX_ s, HeVAL(he), depth);
        if (!hv_store_ent(to, key, copy, 0))
            SvREFCNT_dec_NN(copy);
    }
    return SvREFCNT_inc_simple_NN(ref);
}

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
        if (reads_as_string(aTHX_ sv)) {
            STRLEN len;
            const char *pv = SvPV_nomg(sv, len);
            return newSVpvn_flags(pv, len, SvUTF8(sv));
        }
    }
    if (SvTYPE(target) == SVt_PVAV || SvTYPE(target) == SVt_PVHV) {
        /* What runs during the copy may drop the caller's own reference. */
        sv_2mortal(SvREFCNT_inc_simple_NN(target));
        return SvTYPE(target) == SVt_PVAV ? copy_array(aTHX_ s, (AV *)target, depth + 1)
                                          : copy_hash(aTHX_ s, (HV *)target, depth + 1);
    }
    return newSVsv_nomg(sv);
}

static int is_data(uint8_t kind)
{
    return kind == PXS_ARG_DATA || kind == PXS_ARG_PERL;
}

static int any_needs_copy(pTHX_ const pxs_call *call)
{
    uint32_t i;
    for (i = 0; i < call->nargs; i++) {
        const uint8_t kind = call->export_->args[i].kind;
        SV *sv = call->args[i];
        if (SvGMAGICAL(sv))
            return 1;
        if (is_data(kind) && SvROK(sv)) {
            scan s = { call->export_, i, 0, kind == PXS_ARG_PERL };
            if (needs_copy(aTHX_ & s, sv, 0))
                return 1;
        }
    }
    return 0;
}

/* Perl code is going to run, and may do anything to the caller's values: from here on only copies count. */
static void copy_all(pTHX_ pxs_call *call)
{
    uint32_t i;
    for (i = 0; i < call->nargs; i++)
        sv_2mortal(SvREFCNT_inc_simple_NN(call->originals[i]));
    for (i = 0; i < call->nargs; i++) {
        const uint8_t kind = call->export_->args[i].kind;
        SV *sv = sv_mortalcopy(call->originals[i]);
        call->originals[i] = sv;
        if (is_data(kind) && SvROK(sv)) {
            scan s = { call->export_, i, 0, kind == PXS_ARG_PERL };
            sv = sv_2mortal(plain_copy(aTHX_ & s, sv, 0));
        }
        call->args[i] = sv;
    }
}

static void check_handle(pTHX_ const pxs_export *e, uint32_t index, SV *sv)
{
    const pxs_arg *spec = &e->args[index];
    SV *got;
    if (SvROK(sv) && SvOBJECT(SvRV(sv))) {
        if (sv_derived_from(sv, spec->class))
            return;
        got = sv_ref(NULL, SvRV(sv), TRUE);
    } else {
        got = newSVpvs_flags("", SVs_TEMP);
        sv_setpv(got, SvROK(sv) ? "an unblessed reference" : SvOK(sv) ? "a plain value" : "undef");
    }
    Perl_croak(aTHX_ "%s: argument %u ($%s): expected an object of class %s, got %" SVf "\n", e->name,
               (unsigned)index + 1, spec->name, spec->class, SVfARG(got));
}

void pxs_resolve(pTHX_ pxs_call *call)
{
    const pxs_export *e = call->export_;
    uint32_t i;
    if (any_needs_copy(aTHX_ call))
        copy_all(aTHX_ call);
    else if (e->polls)
        /* A signal handler that runs during the call may drop or change what the caller's variables refer to. */
        for (i = 0; i < call->nargs; i++)
            call->args[i] = call->originals[i] = sv_mortalcopy(call->args[i]);
    for (i = 0; i < call->nargs; i++)
        if (e->args[i].kind == PXS_ARG_HANDLE)
            check_handle(aTHX_ e, i, call->args[i]);
}

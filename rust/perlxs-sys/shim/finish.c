/* The last step of a call that did more than return a value: effects, warnings, then the error. */
#include "perlxs.h"

uint32_t pxs_internal_errors;
I32 pxs_falls_back;

/* The hash that an effect is about: the caller's own, or one inside it by keys. */
static HV *place_of(pTHX_ AV *path)
{
    SV *ref = AvARRAY(path)[0];
    SSize_t i;
    for (i = 1; SvROK(ref) && SvTYPE(SvRV(ref)) == SVt_PVHV; i++) {
        HV *hv = (HV *)SvRV(ref);
        HE *he;
        if (i > AvFILLp(path))
            return hv;
        he = hv_fetch_ent(hv, AvARRAY(path)[i], 0, 0);
        if (!he)
            return NULL;
        ref = HeVAL(he);
        SvGETMAGIC(ref);
    }
    return NULL;
}

/* Puts into effect what the function decided about the caller's hashes. */
static void apply_effects(pTHX_ AV *effects)
{
    HV *hv = NULL;
    SSize_t i;
    for (i = 0; i + 2 <= AvFILLp(effects); i += 3) {
        SV *place = AvARRAY(effects)[i], *key = AvARRAY(effects)[i + 1], *value = AvARRAY(effects)[i + 2];
        if (place)
            hv = place_of(aTHX_(AV *) SvRV(place));
        if (!hv)
            continue;
        if (!value) {
            (void)hv_delete_ent(hv, key, G_DISCARD, 0);
        } else {
            /* As an assignment: a tied hash stores it, too. */
            HE *he = hv_fetch_ent(hv, key, 1, 0);
            if (he) {
                sv_setsv(HeVAL(he), value);
                SvSETMAGIC(HeVAL(he));
            }
        }
    }
}

static HV *usable_class(pTHX_ const char *name, size_t len)
{
    HV *stash = gv_stashpvn(name, (U32)len, 0);
    return stash && gv_fetchmeth_pvn(stash, "new", 3, 0, 0) ? stash : NULL;
}

/* The class if it is there or its module can be loaded. */
static HV *load_class(pTHX_ const char *name, size_t len)
{
    HV *stash = usable_class(aTHX_ name, len);
    if (!stash) {
        SV *code = sv_2mortal(newSVpvf("require %.*s", (int)len, name));
        /* That it is not installed is no error of the caller's: $SIG{__DIE__} does not hear of it. */
        ENTER;
        SAVESPTR(PL_diehook);
        PL_diehook = NULL;
        eval_sv(code, G_SCALAR | G_DISCARD);
        LEAVE;
        stash = usable_class(aTHX_ name, len);
    }
    return stash;
}

static void raise_object(pTHX_ pxs_call *call)
{
    SV *error = call->error;
    if (SvROK(error) && SvTYPE(SvRV(error)) == SVt_PVHV) {
        HV *fields = (HV *)SvRV(error), *stash;
        const char *file = CopFILE(PL_curcop);
        (void)hv_stores(fields, "filename", newSVpv(file ? file : "", 0));
        (void)hv_stores(fields, "line", newSViv((IV)CopLINE(PL_curcop)));
        stash = load_class(aTHX_ call->class, call->class_len);
        if (!stash)
            stash = load_class(aTHX_ call->fallback, call->fallback_len);
        sv_bless(error, stash ? stash : gv_stashpvn(call->fallback, (U32)call->fallback_len, GV_ADD));
    }
    croak_sv(error);
}

/* Returns only if there is no error to raise. */
void pxs_finish(pTHX_ pxs_call *call)
{
    const int has_sv =
        call->status == PXS_OK && (call->returns == PXS_RETURN_SV || call->returns == PXS_RETURN_LIST);
    if (call->status == PXS_EXIT) {
        /* Perl's stacks are unwound already; what is left of exit is the jump. */
        JMPENV_JUMP(2);
    }
    /* Whatever dies below, nothing leaks. */
    if (has_sv)
        sv_2mortal(call->is.sv);
    if (call->status == PXS_DIE || call->status == PXS_DIE_OBJECT || call->status == PXS_INTERNAL)
        sv_2mortal(call->error);
    if (call->warnings)
        sv_2mortal((SV *)call->warnings);
    if (call->status == PXS_INTERNAL) {
        pxs_internal_errors++;
        if (pxs_falls_back) {
            /* The sub that answers in its place does and says all of it itself. */
            if (call->effects)
                sv_2mortal((SV *)call->effects);
            croak_sv(call->error);
        }
    }
    if (call->effects)
        apply_effects(aTHX_(AV *) sv_2mortal((SV *)call->effects));
    if (call->warnings) {
        SSize_t i;
        for (i = 0; i <= AvFILLp(call->warnings); i++)
            warn_sv(AvARRAY(call->warnings)[i]);
    }
    switch (call->status) {
    case PXS_INTERNAL:
    case PXS_DIE:
        croak_sv(call->error);
    case PXS_DIE_PENDING:
        ENTER;
        SAVESPTR(PL_diehook);
        PL_diehook = NULL;
        croak_sv(sv_mortalcopy(ERRSV));
    case PXS_DIE_OBJECT:
        raise_object(aTHX_ call);
    }
    if (has_sv)
        SvREFCNT_inc_simple_void_NN(call->is.sv);
}

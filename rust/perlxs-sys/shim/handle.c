/* Objects that own a Rust value. The magic's table tells them from everybody else's; its pointer is the value. */
#include "perlxs.h"

#define REPORT "%s: internal error while an object was destroyed: %s\n"

/* A warning from inside sv_clear: what its handler throws must not get out. */
static void warn_xsub(pTHX_ CV *cv)
{
    dXSARGS;
    if (items == 1)
        warn_sv(ST(0));
    XSRETURN_EMPTY;
}

static void warn_guarded(pTHX_ SV *text)
{
    dSP;
    SV *saved = newSVsv(ERRSV);
    CV *cv = newXS(NULL, warn_xsub, __FILE__);
    /* A scalar may be freed in the middle of an operator that has the stack pointer in a register. */
    PUSHSTACKi(PERLSI_DESTROY);
    ENTER;
    SAVETMPS;
    PUSHMARK(SP);
    XPUSHs(text);
    PUTBACK;
    call_sv((SV *)cv, G_DISCARD | G_VOID | G_EVAL);
    FREETMPS;
    LEAVE;
    POPSTACK;
    SvREFCNT_dec((SV *)cv);
    sv_setsv(ERRSV, saved);
    SvREFCNT_dec(saved);
}

static void report(pTHX_ const char *class, const char *why)
{
    if (PL_phase == PERL_PHASE_DESTRUCT) {
        /* What a warning needs may be gone. */
        PerlIO_printf(PerlIO_stderr(), REPORT, class, why);
    } else {
        SV *text = newSVpvf(REPORT, class, why);
        SvUTF8_on(text);
        warn_guarded(aTHX_ text);
        SvREFCNT_dec_NN(text);
    }
}

static int handle_free(pTHX_ SV *sv, MAGIC *mg)
{
    pxs_handle *value = (pxs_handle *)mg->mg_ptr;
    char why[256];
    PERL_UNUSED_ARG(sv);
    mg->mg_ptr = NULL;
    if (value) {
        const pxs_handle_type *type = value->type;
        const int saved_errno = errno;
        const I32 saved_status = PL_statusvalue;
        why[0] = '\0';
        if (type->drop(value, why, sizeof why))
            report(aTHX_ type->class, why);
        errno = saved_errno;
        PL_statusvalue = saved_status;
    }
    return 0;
}

/* A clone in another ithread owns nothing: the value belongs to the thread that made it. */
static int handle_dup(pTHX_ MAGIC *mg, CLONE_PARAMS *param)
{
    PERL_UNUSED_ARG(param);
    mg->mg_ptr = NULL;
    return 0;
}

static const MGVTBL handle_vtbl = { NULL, NULL, NULL, NULL, handle_free, NULL, handle_dup, NULL };

SV *pxs_new_handle(void *perl, pxs_handle *value, const char *class, size_t len, int text)
{
    PXS_THX(perl);
    SV *body = newSV(0);
    SV *ref = newRV_noinc(body);
    MAGIC *mg = sv_magicext(body, NULL, PERL_MAGIC_ext, &handle_vtbl, NULL, 0);
    mg->mg_ptr = (char *)value;
    mg->mg_len = 0;
#ifdef USE_ITHREADS
    mg->mg_flags |= MGf_DUP;
#endif
    sv_bless(ref, gv_stashpvn(class, (U32)len, GV_ADD | (text ? SVf_UTF8 : 0)));
    return ref;
}

pxs_handle *pxs_handle_value(void *perl, SV *sv, const pxs_handle_type *type)
{
    PXS_THX(perl);
    MAGIC *mg;
    pxs_handle *value;
    if (!SvROK(sv))
        return NULL;
    mg = mg_findext(SvRV(sv), PERL_MAGIC_ext, &handle_vtbl);
    value = mg ? (pxs_handle *)mg->mg_ptr : NULL;
    return value && value->type == type ? value : NULL;
}

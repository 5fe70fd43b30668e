/* Perl's deferred signals, run from inside a blocking call of Rust's. */
#include "perlxs.h"

static void despatch_xsub(pTHX_ CV *cv)
{
    dXSARGS;
    PERL_UNUSED_VAR(items);
    PERL_ASYNC_CHECK();
    XSRETURN_EMPTY;
}

/* call_sv(G_EVAL) stops a die; exit unwinds Perl's own stacks and then jumps, which is stopped here and taken up again
 * by the trampoline once Rust has returned. */
static int despatch_guarded(pTHX)
{
    dJMPENV;
    int ret;
    volatile int outcome = PXS_OK;
    CV *volatile cv = newXS(NULL, despatch_xsub, __FILE__);
    SV *volatile saved = newSVsv(ERRSV);
    JMPENV_PUSH(ret);
    if (ret == 0) {
        dSP;
        ENTER;
        SAVETMPS;
        PUSHMARK(SP);
        PUTBACK;
        call_sv((SV *)cv, G_DISCARD | G_VOID | G_EVAL | G_NOARGS);
        /* No SvTRUE: an exception object may overload it. */
        if (SvROK(ERRSV) || (SvPOK(ERRSV) && SvCUR(ERRSV)))
            outcome = PXS_DIE_PENDING;
        else
            sv_setsv(ERRSV, saved);
        FREETMPS;
        LEAVE;
    } else {
        outcome = PXS_EXIT;
    }
    JMPENV_POP;
    if (outcome != PXS_EXIT) {
        SvREFCNT_dec((SV *)cv);
        SvREFCNT_dec(saved);
    }
    return outcome;
}

int pxs_poll_signals(void *perl)
{
    PXS_THX(perl);
    if (!PL_sig_pending)
        return PXS_OK;
    return despatch_guarded(aTHX);
}

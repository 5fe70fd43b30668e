/* The one trampoline: resolve the arguments (may die) -> Rust (cannot) -> push or raise (may die). */
#include "view.h"

/* The operator's own scalar for its result. dXSTARG takes any operator for a sub call: in `reverse sort xsub LIST` the
 * bit that it tests means something else. */
#define OWN_TARGET                                                                                                     \
    (PL_op->op_type == OP_ENTERSUB && (PL_op->op_private & OPpENTERSUB_HASTARG) ? PAD_SV(PL_op->op_targ)              \
                                                                                 : sv_newmortal())

static SV *undef_result(pTHX)
{
    SV *targ = OWN_TARGET;
    if (SvTYPE(targ) != SVt_NULL)
        sv_set_undef(targ);
    return targ;
}

static void push_list(pTHX_ AV *list, I32 ax)
{
    const SSize_t count = AvFILLp(list) + 1;
    SV **sp = PL_stack_base + ax - 1;
    SSize_t i;
    EXTEND(sp, count);
    for (i = 0; i < count; i++)
        *++sp = sv_2mortal(SvREFCNT_inc_simple_NN(AvARRAY(list)[i]));
    PL_stack_sp = sp;
}

void pxs_xsub(pTHX_ CV *cv)
{
    dXSARGS;
    const pxs_export *e = (const pxs_export *)XSANY.any_ptr;
    const uint32_t n = (uint32_t)items;
    pxs_call call;
    uint32_t i;
    U32 special = e->polls;
    int saved_errno;

    PERL_UNUSED_VAR(sp);
    if (UNLIKELY(n < e->min_args || n > e->max_args))
        Perl_croak(aTHX_ "Usage: %s(%s)", e->name, e->usage);
    saved_errno = errno;

    call.perl = PXS_SELF;
    call.export_ = e;
    call.nargs = n;
    call.status = PXS_OK;
    call.warnings = NULL;
    call.effects = NULL;
    for (i = 0; i < n; i++) {
        SV *sv = ST(i);
        call.args[i] = call.originals[i] = sv;
        special |= (SvFLAGS(sv) & (SVs_GMG | SVf_ROK)) | (e->args[i].kind == PXS_ARG_HANDLE);
    }
    if (UNLIKELY(special))
        pxs_resolve(aTHX_ & call);
    for (i = 0; i < n; i++)
        pxs_view_of(aTHX_ call.args[i], e->args[i].kind == PXS_ARG_PERL, &call.views[i]);
    /* A handler that calls exit has Perl free all mortals, with Rust still running on what they hold. */
    if (e->polls)
        for (i = 0; i < n; i++)
            SvREFCNT_inc_simple_void_NN(call.args[i]);
    /* What Rust makes is new: a tainted argument was seen by a parser, as after a match in Perl. */
    TAINT_NOT;

    e->run(&call);

    if (e->polls && call.status != PXS_EXIT)
        for (i = 0; i < n; i++)
            SvREFCNT_dec_NN(call.args[i]);
    if (UNLIKELY(call.status != PXS_OK || call.warnings || call.effects)) {
        errno = saved_errno;
        pxs_finish(aTHX_ & call);
    }
    errno = saved_errno;

    /* The stack may have moved while Perl code ran: ax is an index, and ST() looks it up again. It has room for one
     * value even where no argument was given: the sub itself was there. */
    switch (call.returns) {
    case PXS_RETURN_INT: {
        SV *const targ = OWN_TARGET;
        TARGi((IV)call.is.iv, 0);
        ST(0) = targ;
        break;
    }
    case PXS_RETURN_NUM: {
        SV *const targ = OWN_TARGET;
        sv_setnv(targ, call.is.nv);
        ST(0) = targ;
        break;
    }
    case PXS_RETURN_SV:
        ST(0) = sv_2mortal(call.is.sv);
        break;
    case PXS_RETURN_LIST:
        push_list(aTHX_ (AV *)sv_2mortal(call.is.sv), ax);
        return;
    case PXS_RETURN_EMPTY:
        XSRETURN_EMPTY;
    default:
        ST(0) = undef_result(aTHX);
    }
    XSRETURN(1);
}

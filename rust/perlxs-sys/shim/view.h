/* A scalar seen by its flags; inline, since the trampoline does it for every argument. */
#ifndef PERLXS_VIEW_H
#define PERLXS_VIEW_H
#include "perlxs.h"

static inline void pxs_view_name(pxs_view *out, uint32_t kind, const char *name)
{
    out->kind = kind;
    out->is.ptr = name;
    out->len = strlen(name);
}

static inline void pxs_view_ref(pTHX_ SV *sv, int objects, pxs_view *out)
{
    SV *target = SvRV(sv);
    if (SvOBJECT(target) && !objects) {
        HV *stash = SvSTASH(target);
        const char *name = HvNAME(stash);
        pxs_view_name(out, HvAMAGIC(stash) ? PXS_OVERLOADED : PXS_OBJECT, name ? name : "__ANON__");
        return;
    }
    out->is.target = target;
    switch (SvTYPE(target)) {
    case SVt_PVAV:
        out->kind = PXS_ARRAY;
        return;
    case SVt_PVHV:
        out->kind = PXS_HASH;
        return;
    case SVt_PVCV:
        out->kind = PXS_CODE;
        return;
    default:
        pxs_view_name(out, PXS_OTHER, sv_reftype(target, FALSE));
    }
}

static inline void pxs_view_string(SV *sv, pxs_view *out)
{
    out->kind = SvUTF8(sv) ? PXS_TEXT : PXS_BYTES;
    out->is.ptr = SvPVX_const(sv);
    out->len = SvCUR(sv);
}

static inline void pxs_view_int(SV *sv, pxs_view *out)
{
    out->kind = SvIsUV(sv) && SvUVX(sv) > (UV)IV_MAX ? PXS_UINT : PXS_INT;
    out->is.iv = SvIVX(sv);
}

/* A scalar that has a string is that string, whatever numbers were cached in it since. */
static inline void pxs_view_of(pTHX_ SV *sv, int objects, pxs_view *out)
{
    if (SvROK(sv)) {
        pxs_view_ref(aTHX_ sv, objects, out);
    } else if (SvTYPE(sv) == SVt_REGEXP || isGV_with_GP(sv) || SvTYPE(sv) > SVt_PVLV) {
        pxs_view_name(out, PXS_OTHER, sv_reftype(sv, FALSE));
    } else if (SvPOK(sv)) {
        pxs_view_string(sv, out);
#ifdef SvIsBOOL
        if (SvIsBOOL(sv)) {
            out->kind = PXS_BOOL;
            out->is.iv = out->len != 0;
        }
#endif
    } else if (SvIOK(sv)) {
        pxs_view_int(sv, out);
    } else if (SvNOK(sv)) {
        out->kind = PXS_NUM;
        out->is.nv = SvNVX(sv);
    } else if (SvPOKp(sv)) {
        /* Private flags only: what is left of a magical value. Its string is what Perl would use. */
        pxs_view_string(sv, out);
    } else if (SvIOKp(sv)) {
        pxs_view_int(sv, out);
    } else if (SvNOKp(sv)) {
        out->kind = PXS_NUM;
        out->is.nv = SvNVX(sv);
    } else {
        out->kind = PXS_UNDEF;
    }
}
#endif

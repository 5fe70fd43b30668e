/* Values in and out, without conversions: nothing here runs Perl code. */
#include "perlxs.h"

static void view_ref(pTHX_ SV *sv, pxs_view *out, int objects)
{
    SV *target = SvRV(sv);
    if (SvOBJECT(target) && !objects) {
        const HEK *name = HvNAME_HEK(SvSTASH(target));
        out->kind = HvAMAGIC(SvSTASH(target)) ? PXS_OVERLOADED : PXS_OBJECT;
        out->ptr = name ? HEK_KEY(name) : "__ANON__";
        out->len = strlen(out->ptr);
        return;
    }
    out->target = target;
    switch (SvTYPE(target)) {
    case SVt_PVAV:
        out->kind = PXS_ARRAY;
        break;
    case SVt_PVHV:
        out->kind = PXS_HASH;
        break;
    case SVt_PVCV:
        out->kind = PXS_CODE;
        break;
    default:
        out->kind = PXS_OTHER;
        out->ptr = sv_reftype(target, FALSE);
        out->len = strlen(out->ptr);
    }
}

static void view(pTHX_ SV *sv, pxs_view *out, int objects)
{
    if (SvROK(sv)) {
        view_ref(aTHX_ sv, out, objects);
    } else if (SvTYPE(sv) == SVt_PVGV || SvTYPE(sv) == SVt_REGEXP || SvTYPE(sv) > SVt_PVLV) {
        out->kind = PXS_OTHER;
        out->ptr = sv_reftype(sv, FALSE);
        out->len = strlen(out->ptr);
    } else if (SvPOK(sv)) {
        out->ptr = SvPVX_const(sv);
        out->len = SvCUR(sv);
        out->kind = SvUTF8(sv) ? PXS_TEXT : PXS_BYTES;
#ifdef SvIsBOOL
        if (SvIsBOOL(sv)) {
            out->kind = PXS_BOOL;
            out->iv = out->len != 0;
        }
#endif
    } else if (SvIOK(sv)) {
        out->kind = SvIsUV(sv) && SvUVX(sv) > (UV)IV_MAX ? PXS_UINT : PXS_INT;
        out->iv = SvIVX(sv);
    } else if (SvNOK(sv)) {
        out->kind = PXS_NUM;
        out->nv = SvNVX(sv);
    } else if (SvOK(sv)) {
        /* Private flags only: what is left of a magical value. Its string is what Perl would use. */
        if (SvPOKp(sv)) {
            out->ptr = SvPVX_const(sv);
            out->len = SvCUR(sv);
            out->kind = SvUTF8(sv) ? PXS_TEXT : PXS_BYTES;
        } else if (SvIOKp(sv)) {
            out->kind = SvIsUV(sv) && SvUVX(sv) > (UV)IV_MAX ? PXS_UINT : PXS_INT;
            out->iv = SvIVX(sv);
        } else {
            out->kind = PXS_NUM;
            out->nv = SvNVX(sv);
        }
    } else {
        out->kind = PXS_UNDEF;
    }
}

void pxs_view_sv(void *perl, SV *sv, pxs_view *out)
{
    PXS_THX(perl);
    view(aTHX_ sv, out, 0);
}

void pxs_view_perl(void *perl, SV *sv, pxs_view *out)
{
    PXS_THX(perl);
    view(aTHX_ sv, out, 1);
}

size_t pxs_format_num(void *perl, double nv, char *buf)
{
    PXS_THX(perl);
    if (Perl_isinf(nv))
        strcpy(buf, nv > 0 ? "Inf" : "-Inf");
    else if (Perl_isnan(nv))
        strcpy(buf, "NaN");
    else if (nv == 0.0)
        strcpy(buf, "0");
    else
        PERL_UNUSED_RESULT(Gconvert(nv, NV_DIG, 0, buf));
    return strlen(buf);
}

size_t pxs_array_len(void *perl, void *av)
{
    PXS_THX(perl);
    return (size_t)(AvFILLp((AV *)av) + 1);
}

SV *pxs_array_get(void *perl, void *av, size_t index)
{
    PXS_THX(perl);
    return AvARRAY((AV *)av)[index];
}

size_t pxs_hash_len(void *perl, void *hv)
{
    PXS_THX(perl);
    return HvUSEDKEYS((HV *)hv);
}

void pxs_hash_iter(void *perl, void *hv, pxs_iter *iter)
{
    PXS_THX(perl);
    iter->hv = hv;
    iter->bucket = 0;
    iter->entry = HvARRAY((HV *)hv) ? HvARRAY((HV *)hv)[0] : NULL;
}

int pxs_hash_next(void *perl, pxs_iter *iter, pxs_entry *out)
{
    PXS_THX(perl);
    HV *hv = (HV *)iter->hv;
    HE *he = (HE *)iter->entry;
    if (!HvARRAY(hv))
        return 0;
    for (;;) {
        while (!he) {
            if (++iter->bucket > HvMAX(hv))
                return 0;
            he = HvARRAY(hv)[iter->bucket];
        }
        if (HeVAL(he) != &PL_sv_placeholder)
            break;
        he = HeNEXT(he);
    }
    out->key = HeKEY(he);
    out->len = (size_t)HeKLEN(he);
    /* WASUTF8: characters below 256 that Perl keeps as bytes; the caller wrote characters. */
    out->text = (HeKUTF8(he) ? 1 : 0) | (HeKWASUTF8(he) ? 2 : 0);
    out->value = HeVAL(he);
    iter->entry = HeNEXT(he);
    return 1;
}

SV *pxs_new_undef(void *perl)
{
    PXS_THX(perl);
    return newSV(0);
}

SV *pxs_new_int(void *perl, int64_t value)
{
    PXS_THX(perl);
    return newSViv((IV)value);
}

SV *pxs_new_uint(void *perl, uint64_t value)
{
    PXS_THX(perl);
    return newSVuv((UV)value);
}

SV *pxs_new_num(void *perl, double value)
{
    PXS_THX(perl);
    return newSVnv(value);
}

SV *pxs_new_string(void *perl, const char *ptr, size_t len, int text)
{
    PXS_THX(perl);
    SV *sv = newSVpvn(ptr, len);
    if (text)
        SvUTF8_on(sv);
    return sv;
}

void pxs_utf8_on(void *perl, SV *sv)
{
    PXS_THX(perl);
    if (SvPOK(sv))
        SvUTF8_on(sv);
}

AV *pxs_new_array(void *perl, size_t capacity)
{
    PXS_THX(perl);
    AV *av = newAV();
    if (capacity)
        av_extend(av, (SSize_t)capacity - 1);
    return av;
}

HV *pxs_new_hash(void *perl, size_t capacity)
{
    PXS_THX(perl);
    HV *hv = newHV();
    if (capacity > 7)
        hv_ksplit(hv, (IV)capacity);
    return hv;
}

void pxs_array_push(void *perl, AV *av, SV *value)
{
    PXS_THX(perl);
    av_push(av, value);
}

void pxs_hash_store(void *perl, HV *hv, const char *key, size_t len, int text, SV *value)
{
    PXS_THX(perl);
    if (!hv_store(hv, key, text ? -(I32)len : (I32)len, value, 0))
        SvREFCNT_dec_NN(value);
}

SV *pxs_new_ref(void *perl, void *target)
{
    PXS_THX(perl);
    return newRV_noinc((SV *)target);
}

SV *pxs_bless(void *perl, SV *ref, const char *class, size_t len)
{
    PXS_THX(perl);
    return sv_bless(ref, gv_stashpvn(class, (U32)len, GV_ADD));
}

SV *pxs_inc(void *perl, SV *sv)
{
    PXS_THX(perl);
    return SvREFCNT_inc(sv);
}

void pxs_dec(void *perl, void *sv)
{
    PXS_THX(perl);
    SvREFCNT_dec((SV *)sv);
}

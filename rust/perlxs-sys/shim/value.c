/* Values in and out, without conversions: nothing here runs Perl code. */
#include "view.h"

void pxs_view_sv(void *perl, SV *sv, int objects, pxs_view *out)
{
    PXS_THX(perl);
    pxs_view_of(aTHX_ sv, objects, out);
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

SV *pxs_array_get(void *perl, void *av, size_t index, int objects, pxs_view *out)
{
    PXS_THX(perl);
    SV *sv = AvARRAY((AV *)av)[index];
    if (sv)
        pxs_view_of(aTHX_ sv, objects, out);
    else
        out->kind = PXS_UNDEF;
    return sv;
}

size_t pxs_hash_len(void *perl, void *hv)
{
    PXS_THX(perl);
    return HvUSEDKEYS((HV *)hv);
}

void pxs_hash_start(void *perl, void *hv, pxs_entry *entry)
{
    PXS_THX(perl);
    entry->hv = hv;
    entry->bucket = 0;
    entry->next = HvARRAY((HV *)hv) ? HvARRAY((HV *)hv)[0] : NULL;
}

int pxs_hash_next(void *perl, pxs_entry *entry, int objects)
{
    PXS_THX(perl);
    HV *hv = (HV *)entry->hv;
    HE *he = (HE *)entry->next;
    if (!HvARRAY(hv))
        return 0;
    for (;;) {
        while (!he) {
            if (++entry->bucket > HvMAX(hv))
                return 0;
            he = HvARRAY(hv)[entry->bucket];
        }
        if (HeVAL(he) != &PL_sv_placeholder)
            break;
        he = HeNEXT(he);
    }
    entry->next = HeNEXT(he);
    entry->key = HeKEY(he);
    entry->len = (size_t)HeKLEN(he);
    entry->text = HeKUTF8(he) != 0;
    /* WASUTF8: characters below 256 that Perl keeps as bytes. */
    entry->chars = HeKUTF8(he) || HeKWASUTF8(he);
    entry->value = HeVAL(he);
    pxs_view_of(aTHX_ HeVAL(he), objects, &entry->view);
    return 1;
}

SV *pxs_new_undef(void *perl)
{
    PXS_THX(perl);
    return newSV(0);
}

SV *pxs_undef(void *perl)
{
    PXS_THX(perl);
    return SvREFCNT_inc_simple_NN(&PL_sv_undef);
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
    return newSVpvn_flags(ptr, len, text ? SVf_UTF8 : 0);
}

SV *pxs_new_shared(void *perl, const char *ptr, size_t len)
{
    PXS_THX(perl);
    return newSVpvn_share(ptr, (I32)len, 0);
}

SV *pxs_new_comparison(void *perl, int value)
{
    PXS_THX(perl);
    return newSVsv(value ? &PL_sv_yes : &PL_sv_no);
}

/* The scalar behind JSON's true or false: that of the JSON module which is loaded, or one of the same class that stays
 * for this interpreter. */
static SV *json_boolean(pTHX_ int value)
{
    const char *const loaded[2][2] = {
        { "Types::Serialiser::false", "Types::Serialiser::true" },
        { "JSON::PP::false", "JSON::PP::true" },
    };
    SV **own;
    size_t i;
    for (i = 0; i < 2; i++) {
        SV *sv = get_sv(loaded[i][value != 0], 0);
        if (sv && SvROK(sv))
            return SvRV(sv);
    }
    own = hv_fetch(PL_modglobal, value ? "PerlXS::true" : "PerlXS::false", value ? 12 : 13, 1);
    if (!own)
        return NULL;
    if (!SvROK(*own)) {
        SV *ref = sv_2mortal(newRV_noinc(newSViv(value != 0)));
        sv_setsv(*own, sv_bless(ref, gv_stashpvs("JSON::PP::Boolean", GV_ADD)));
    }
    return SvRV(*own);
}

SV *pxs_new_json_boolean(void *perl, int value, SV **cache)
{
    PXS_THX(perl);
    if (!*cache)
        *cache = json_boolean(aTHX_ value);
    return *cache ? newRV_inc(*cache) : newSViv(value != 0);
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
    /* Perl doubles the buckets of a hash when two thirds are used, and moves all entries. */
    const size_t buckets = capacity + capacity / 2;
    if (buckets > 7)
        hv_ksplit(hv, (IV)buckets);
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
    /* What hv_store() comes to. It always stores: the hash is not tied. */
    (void)hv_common(hv, NULL, key, len, text ? HVhek_UTF8 : 0, HV_FETCH_ISSTORE | HV_FETCH_JUST_SV, value, 0);
}

SV *pxs_new_ref(void *perl, void *target)
{
    PXS_THX(perl);
    return newRV_noinc((SV *)target);
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

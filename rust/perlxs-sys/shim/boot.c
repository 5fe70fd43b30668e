/* Registers the exports with the interpreter that loads the library; there may be several in one process. */
#include "perlxs.h"

static void clone_skip_xsub(pTHX_ CV *cv)
{
    dXSARGS;
    PERL_UNUSED_VAR(items);
    XSRETURN_YES;
}

static void check_version(pTHX_ SV *given, const char *module, const char *version)
{
    const char *perl_side = given && SvOK(given) ? SvPV_nolen(given) : "(none)";
    if (strNE(perl_side, version))
        Perl_croak(aTHX_ "%s: the Perl module is version %s, but the library that it loaded is version %s; "
                         "reinstall the package so that both come from the same one\n",
                   module, perl_side, version);
}

void pxs_boot(void *perl, CV *cv, const char *module, const char *version, const pxs_package *const *packages,
              uint32_t npackages)
{
    PXS_THX(perl);
    /* Dies where this Perl is not of the series that the shim was compiled for. */
    dXSBOOTARGSAPIVERCHK;
    uint32_t p, i;
    check_version(aTHX_ items > 1 ? ST(1) : NULL, module, version);
    for (p = 0; p < npackages; p++) {
        const pxs_package *package = packages[p];
        for (i = 0; i < package->nexports; i++) {
            CV *sub = newXS(package->exports[i].name, pxs_xsub, "perlxs");
            CvXSUBANY(sub).any_ptr = (void *)&package->exports[i];
        }
        if (package->has_handles) {
            SV *name = sv_2mortal(newSVpvf("%s::CLONE_SKIP", package->name));
            newXS(SvPV_nolen(name), clone_skip_xsub, "perlxs");
        }
    }
    Perl_xs_boot_epilog(aTHX_ ax);
}

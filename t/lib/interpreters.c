/* Two Perl interpreters side by side, then one after them, all loading the same library. */
#include <EXTERN.h>
#include <perl.h>

EXTERN_C void boot_DynaLoader(pTHX_ CV *cv);

static void xs_init(pTHX)
{
    newXS("DynaLoader::boot_DynaLoader", boot_DynaLoader, __FILE__);
}

static PerlInterpreter *start(void)
{
    static char *arguments[] = { "", "-It/lib", "-e", "$| = 1; use PerlXS::Test; our $c;", NULL };
    PerlInterpreter *my_perl = perl_alloc();
    PERL_SET_CONTEXT(my_perl);
    PL_perl_destruct_level = 1;
    perl_construct(my_perl);
    PL_exit_flags |= PERL_EXIT_DESTRUCT_END;
    if (perl_parse(my_perl, xs_init, 4, arguments, NULL) || perl_run(my_perl))
        exit(1);
    return my_perl;
}

static void run(PerlInterpreter *my_perl, const char *code)
{
    PERL_SET_CONTEXT(my_perl);
    eval_pv(code, TRUE);
}

static void end(PerlInterpreter *my_perl)
{
    PERL_SET_CONTEXT(my_perl);
    perl_destruct(my_perl);
    perl_free(my_perl);
}

#define TELL(name) "print '" name " ', PerlXS::Test::add(1, 2), ' ', $c->value, \"\\n\""

int main(int argc, char **argv, char **env)
{
    PerlInterpreter *first, *second, *third;
    PERL_SYS_INIT3(&argc, &argv, &env);
    first = start();
    run(first, "$c = PerlXS::Test::Counter->new(1); " TELL("first"));
    second = start();
    run(second, "$c = PerlXS::Test::Counter->new(1); " TELL("second"));
    run(first, "print 'first again ', PerlXS::Test::add(2, 3), ' ', $c->value, \"\\n\"");
    run(second, "open(STDERR, '>', '/dev/null'); eval { PerlXS::Test::Panics::in_function('x') }; "
                "print 'error ', $@ =~ /^(internal)/, \"\\n\"");
    end(first);
    end(second);
    third = start();
    run(third, "print 'after ', PerlXS::Test::Counter::alive(), \"\\n\"");
    run(third, "$c = PerlXS::Test::Counter->new(1); " TELL("third"));
    end(third);
    puts("end");
    PERL_SYS_TERM();
    return 0;
}

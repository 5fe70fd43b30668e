package PVE::Network::Rust::Test::Format::StorageConfig;

# storage.cfg.

use strict;
use warnings;

use parent 'PVE::Network::Rust::Test::SectionFormat';

sub name { return 'storage-config' }
sub reference_module { return 'PVE::Storage' }
sub rust_module { return 'PVE::Network::Rust::Storage::Config' }
sub base_plugin { return 'PVE::Storage::Plugin' }
sub filename { return 'storage.cfg' }
sub seeds { return 'storage' }
sub sets { return qr/(?:content(?:-dirs)?|nodes)/ }

sub new {
    my ($class, undef, $rust) = @_;
    # A plugin of others, registered with both sides.
    require PVE::Network::Rust::Test::ExamplePlugin;
    my $plugin = 'PVE::Network::Rust::Test::ExamplePlugin';
    $plugin->register();
    $class->base_plugin()->init();
    $rust->register_plugin($plugin);
    return $class->SUPER::new(undef, $rust);
}

# Warnings of one section's values come in any order.
sub comparable_warnings {
    my ($self, $warnings) = @_;
    my @sorted;
    my @run;
    for my $warning (@$warnings, '') {
        if ($warning =~ /^"(?:storage does not support|Exiting subroutine)/) {
            push @run, $warning;
            next;
        }
        push @sorted, sort(@run), $warning;
        @run = ();
    }
    pop @sorted;
    return \@sorted;
}

1;

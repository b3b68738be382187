using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Subscriptions.Tests.Secrets;

public sealed class SecretVaultTests
{
    private const string Secret = "whsec_a secret – with more than ASCII";

    private static readonly Guid Subscription = Guid.CreateVersion7();
    private static readonly string OldKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private static readonly string NewKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    [Fact]
    public void What_is_sealed_opens_again()
    {
        var vault = Vault("new", ("new", NewKey));

        Assert.Equal(Secret, vault.Open(Subscription, vault.Seal(Subscription, Secret)));
    }

    [Fact]
    public void The_same_secret_is_sealed_differently_each_time_and_never_in_the_clear()
    {
        var vault = Vault("new", ("new", NewKey));

        var (one, two) = (vault.Seal(Subscription, Secret), vault.Seal(Subscription, Secret));

        Assert.NotEqual(one.Ciphertext, two.Ciphertext);
        Assert.Equal(12 + 16 + Encoding.UTF8.GetByteCount(Secret), one.Ciphertext.Length);
        Assert.DoesNotContain(Secret, Encoding.UTF8.GetString(one.Ciphertext), StringComparison.Ordinal);
    }

    [Fact]
    public void An_older_key_still_opens_what_it_sealed()
    {
        var before = Vault("old", ("old", OldKey)).Seal(Subscription, Secret);
        var vault = Vault("new", ("old", OldKey), ("new", NewKey));

        Assert.Equal(Secret, vault.Open(Subscription, before));
        Assert.Equal("new", vault.Seal(Subscription, Secret).KeyId);
    }

    [Fact]
    public void Key_ids_are_compared_as_configuration_compares_them() =>
        Assert.Equal(Secret, Vault("KEY", ("key", OldKey)).Open(Subscription, Vault("Key", ("KEY", OldKey)).Seal(Subscription, Secret)));

    [Fact]
    public void A_missing_key_is_named()
    {
        var before = Vault("old", ("old", OldKey)).Seal(Subscription, Secret);

        var refused = Assert.Throws<SecretSealedException>(() => Vault("new", ("new", NewKey)).Open(Subscription, before));

        Assert.Contains("Webhooks:SecretKeys:old", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_copied_to_another_subscription_does_not_open_there()
    {
        var vault = Vault("new", ("new", NewKey));

        Assert.Throws<SecretSealedException>(() => vault.Open(Guid.CreateVersion7(), vault.Seal(Subscription, Secret)));
    }

    [Fact]
    public void Whatever_byte_is_altered_it_does_not_open()
    {
        var vault = Vault("new", ("new", NewKey));
        var whole = vault.Seal(Subscription, Secret);
        for (var place = 0; place < whole.Ciphertext.Length; place++)
        {
            byte[] altered = [.. whole.Ciphertext];
            altered[place] ^= 1;
            Assert.Throws<SecretSealedException>(() => vault.Open(Subscription, whole with { Ciphertext = altered }));
        }

        Assert.Throws<SecretSealedException>(() => vault.Open(Subscription, whole with { Ciphertext = whole.Ciphertext[..27] }));
    }

    [Fact]
    public void A_generated_secret_holds_32_random_bytes()
    {
        var generated = SecretRule.Generate();

        Assert.StartsWith("whsec_", generated, StringComparison.Ordinal);
        Assert.Equal(32, Convert.FromBase64String(generated["whsec_".Length..]).Length);
        Assert.NotEqual(generated, SecretRule.Generate());
        Assert.True(SecretRule.IsText(generated));
    }

    [Fact]
    public void A_mask_shows_the_last_four_and_is_known_as_a_mask()
    {
        Assert.Equal("****************************wxyz", SecretText.Mask("abcdefghijklmnopqrstuvwxyz"));
        Assert.True(SecretText.IsMasked(SecretText.Mask("abcdefghijklmnopqrstuvwxyz")));
        Assert.False(SecretText.IsMasked("abcdefghijklmnopqrstuvwxyz"));
    }

    private static SecretVault Vault(string current, params (string Id, string Key)[] keys)
    {
        var options = new SecretKeyOptions { SecretKeyId = current };
        foreach (var (id, key) in keys)
        {
            options.SecretKeys.Add(id, key);
        }

        return new SecretVault(Options.Create(options));
    }
}

namespace Webhooks.Subscriptions.Secrets;

/// <summary>
/// Where something is stored that <see cref="SecretVault"/> sealed for a subscription, so that keys can be checked and
/// taken out of use. A test compares the list with the database's columns.
/// </summary>
/// <param name="Table">With a column <c>subscription_id</c>.</param>
/// <param name="Number">The column that is the key within the subscription.</param>
/// <param name="KeyId">The column of the key's id; null where nothing is sealed.</param>
/// <param name="Ciphertext">The column of what was sealed.</param>
internal sealed record SealedPlace(string Table, string Number, string KeyId, string Ciphertext)
{
    public static IReadOnlyList<SealedPlace> All { get; } =
    [
        new("subscription_secrets", "number", "key_id", "ciphertext"),
        // Of every revision: deliveries keep the headers of the one they began with.
        new("subscription_revisions", "revision", "headers_key_id", "headers"),
    ];

    /// <summary>A condition: under another key than the parameter's, which is compared as configuration compares ids.</summary>
    public string UnderAnotherKeyThan(string parameter) => $"lower({KeyId}) <> lower({parameter})";
}

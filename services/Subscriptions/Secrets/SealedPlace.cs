namespace Webhooks.Subscriptions.Secrets;

/// <summary>
/// Where something is stored that <see cref="SecretVault"/> sealed for a subscription or a source, so that keys can be checked
/// and taken out of use. A test compares the list with the database's columns.
/// </summary>
/// <param name="Owners">The table of those it is sealed for; a change of one locks its row.</param>
/// <param name="Table">Where it is.</param>
/// <param name="OwnerId">The column with the owner's id.</param>
/// <param name="Number">The column that is the key within the owner.</param>
/// <param name="KeyId">The column of the key's id; null where nothing is sealed.</param>
/// <param name="Ciphertext">The column of what was sealed.</param>
internal sealed record SealedPlace(string Owners, string Table, string OwnerId, string Number, string KeyId, string Ciphertext)
{
    public static IReadOnlyList<SealedPlace> All { get; } =
    [
        new("subscriptions", "subscription_secrets", "subscription_id", "number", "key_id", "ciphertext"),
        // Of every revision: deliveries keep the headers of the one they began with.
        new("subscriptions", "subscription_revisions", "subscription_id", "revision", "headers_key_id", "headers"),
        new("sources", "source_secrets", "source_id", "number", "key_id", "ciphertext"),
    ];

    /// <summary>A condition: under another key than the parameter's, which is compared as configuration compares ids.</summary>
    public string UnderAnotherKeyThan(string parameter) => $"lower({KeyId}) <> lower({parameter})";
}

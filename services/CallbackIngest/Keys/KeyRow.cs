namespace Webhooks.CallbackIngest.Keys;

/// <summary>What is stored of a key.</summary>
/// <param name="Id">The callback's id.</param>
/// <param name="Status">As the column has it.</param>
/// <param name="Fingerprint">Of the content that it belongs to.</param>
/// <param name="SubjectId">What that is about.</param>
/// <param name="LeaseUntil">Of a reserved one.</param>
internal sealed record KeyRow(Guid Id, string Status, byte[] Fingerprint, string SubjectId, DateTimeOffset? LeaseUntil)
{
    public const string Reserved = "reserved";
    public const string Failed = "failed";
}

/// <summary>What is stored of a webhook's key that became no command and was told of.</summary>
/// <param name="Fingerprint">Of the content that it belongs to; null: an earlier version did not note it.</param>
internal sealed record ToldRow(byte[]? Fingerprint)
{
    public bool IsOf(ReadOnlySpan<byte> fingerprint) => Fingerprint is null || fingerprint.SequenceEqual(Fingerprint);
}

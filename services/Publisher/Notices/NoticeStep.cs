namespace Webhooks.Publisher.Notices;

/// <summary>How the notices at one step are found, and the lock of the publisher that does it.</summary>
/// <param name="Condition">SQL that holds for them.</param>
/// <param name="LockKey">Arbitrary, and the same in every publisher.</param>
internal sealed record NoticeStep(string Condition, long LockKey)
{
    public static NoticeStep Accepting { get; } = new("NOT accepted", 0x5745_4248_4E4F_4143);

    public static NoticeStep Publishing { get; } = new("accepted", 0x5745_4248_4E4F_5445);
}

using Microsoft.Extensions.Options;

namespace Webhooks.Management.TestSends;

/// <summary>How many test sends there may be.</summary>
internal sealed class TestSendOptions
{
    public const string Section = "Webhooks";

    /// <summary>By one token for one tenant, in each instance of the service.</summary>
    public int TestsPerMinute { get; init; } = 60;
}

/// <summary>Says what is wrong with the limit.</summary>
internal sealed class TestSendOptionsValidator : IValidateOptions<TestSendOptions>
{
    private const int Largest = 100_000;

    public ValidateOptionsResult Validate(string? name, TestSendOptions options) => options.TestsPerMinute is >= 1 and <= Largest
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"Webhooks:TestsPerMinute must be from 1 to {Largest}.");
}

using System.Text.RegularExpressions;

namespace Webhooks.Architecture.Tests;

/// <summary>One file spells the broker's names; everybody else uses its members.</summary>
public sealed partial class BrokerNameTests
{
    [Fact]
    public void Only_the_contract_and_the_broker_spell_names_of_exchanges_and_queues() => Assert.Empty(
        Repository.FilesBelow(".cs", "services", "contracts", "deploy")
            .Where(file => file is not "contracts/Contracts/BrokerNames.cs" && !file.StartsWith("services/Broker/", StringComparison.Ordinal))
            .SelectMany(file => File.ReadLines(Path.Combine(Repository.Root, file)).Select((text, index) => (Where: $"{file}:{index + 1}", text)))
            .Where(line => BrokerName().IsMatch(line.text))
            .Select(line => $"{line.Where} {line.text.Trim()}"));

    [Theory]
    [InlineData("\"webhooks.events\"", true)]
    [InlineData("$\"webhooks.deliveries.{shard}\"", true)]
    [InlineData("\"webhooks.delay.5000\"", true)]
    [InlineData("\"webhooks.commands.exception\"", true)]
    [InlineData("\"webhooks.callback-results\"", true)]
    [InlineData("\"Webhooks.Contracts:DomainEvent\"", true)]
    [InlineData("\"webhooks.attempt.duration\"", false)] // an instrument
    [InlineData("\"webhooks.deliveries.matched\"", false)]
    [InlineData("// bound to webhooks.events", false)]
    public void A_broker_name_is_told_from_an_instrument(string line, bool isBrokerName) => Assert.Equal(isBrokerName, BrokerName().IsMatch(line));

    // Instruments are called webhooks.… too, so the words are listed, with what may follow them in a name.
    [GeneratedRegex("""
        "(webhooks\.(events|publisher|deliveries|retries|delay|parking|commands|results|callback-results|notifications)(\.([0-9{][^"]*|exception)?)?|Webhooks\.Contracts:[^"]*)"
        """, RegexOptions.ExplicitCapture)]
    private static partial Regex BrokerName();
}

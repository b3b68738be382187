using Webhooks.Local.Commands;

namespace Webhooks.Local.Tests.Commands;

public sealed class RunCommandTests
{
    [Theory]
    [InlineData("--dispatchers", "x")]
    [InlineData("--dispatchers", "0")]
    [InlineData("--publishers", "-1")]
    [InlineData("--publishers", "17")]
    [InlineData("--management-port", "65536")]
    [InlineData("--management-port", "http")]
    [InlineData("--callbacks-port", "1.5")]
    public void A_value_out_of_range_is_refused_with_a_sentence_that_names_the_option(string option, string value) =>
        Assert.StartsWith($"{option} takes 1 to ", Assert.Single(RunCommand.Create().Parse([option, value]).Errors).Message, StringComparison.Ordinal);

    [Fact]
    public void What_the_options_may_be_is_taken() =>
        Assert.Empty(RunCommand.Create().Parse(["--dispatchers", "16", "--publishers", "1", "--management-port", "65535", "--once", "--no-demo"]).Errors);
}
